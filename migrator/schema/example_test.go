package schema_test

import (
	"fmt"

	"example.com/ambix/migrator/schema"
)

// table returns the schema of a database with one table of one column.
func table(version int, columnType string, facts ...schema.Fact) *schema.Schema {
	t := &schema.Object{Key: schema.Key{Kind: schema.Table, Name: "public.account"}, Schema: "public", Name: "account", Facts: facts}
	c := &schema.Object{Key: schema.Key{Kind: schema.Column, Name: "public.account.id"}, Schema: "public", Name: "id", Parent: t}
	c.AddFact("type", columnType)
	t.Parts = []*schema.Object{c}
	s, err := schema.New(version, []*schema.Object{c, t}, nil, 0)
	if err != nil {
		panic(err)
	}
	return s
}

func ExampleSchema_Compare() {
	before := table(180000, "integer")
	after := table(180000, "bigint", schema.Fact{Name: "row security", Value: "true"}, schema.Fact{Name: "owner", Value: "app"})
	for _, d := range before.Compare(after, schema.Owner) {
		fmt.Println(d.Change, d.Key)
		for _, f := range d.Facts {
			fmt.Printf("  %s: %q -> %q\n", f.Name, f.From, f.To)
		}
	}
	// Output:
	// changed TABLE public.account
	//   row security: "" -> "true"
	// changed COLUMN public.account.id
	//   type: "integer" -> "bigint"
}

func ExampleSchema_Fingerprint() {
	s := table(150004, "bigint")
	owned := table(150004, "bigint", schema.Fact{Name: "owner", Value: "app"})
	fmt.Println(s.Fingerprint())
	fmt.Println(s.Fingerprint() == owned.Fingerprint(), s.FullFingerprint() == owned.FullFingerprint())
	// Output:
	// s1:14-15:a390ba6f6a2ee0d8a1b89147d87fd372a4462ca3a9bc26844d21594e58d4a0e1
	// true false
}

func ExampleACL_Privileges() {
	acl := schema.ACL{
		Text:    `{app=arwdDxt/app,=r/app,"joe=rw*/app","\"odd role\"=r/joe"}`,
		Default: "{app=arwdDxt/app}",
		All:     "arwdDxt",
		Owner:   "app",
	}
	fmt.Println(acl.Privileges())
	// Output:
	// + "odd role" SELECT joe
	// + PUBLIC SELECT
	// + joe SELECT
	// + joe UPDATE* <nil>
}

func ExampleNormalText() {
	fmt.Println(schema.NormalText(`CHECK ((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))`))
	// Output:
	// CHECK ((kind)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))
}

func ExampleQuoteIdent() {
	fmt.Println(schema.QuoteIdent("account"), schema.QuoteIdent("Account"), schema.QuoteIdent("user"), schema.QuoteIdent(`a"b`))
	fmt.Println(schema.Qualify("public", "order"))
	// Output:
	// account "Account" "user" "a""b"
	// public."order"
}

func ExampleSchema_Rename() {
	s, err := table(180000, "bigint").Rename(schema.Key{Kind: schema.Table, Name: "public.account"}, "customer")
	if err != nil {
		panic(err)
	}
	for _, o := range s.Objects {
		fmt.Println(o.Key)
	}
	// Output:
	// TABLE public.customer
	// COLUMN public.customer.id
}
