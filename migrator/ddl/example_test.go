package ddl_test

import (
	"fmt"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/schema"
)

func ExampleCreate() {
	account := &schema.Object{Key: schema.Key{Kind: schema.Table, Name: "public.account"}, Schema: "public", Name: "account"}
	account.AddFact("comment", "who can log in")
	id := &schema.Object{Key: schema.Key{Kind: schema.Column, Name: "public.account.id"}, Schema: "public", Name: "id", Parent: account}
	id.AddFact("type", "bigint")
	id.AddFact("not null", "true")
	account.Parts = []*schema.Object{id}
	index := &schema.Object{Key: schema.Key{Kind: schema.Index, Name: "public.account_id_idx"}, Schema: "public", Name: "account_id_idx", Parent: account}
	index.AddFact("definition", "CREATE INDEX account_id_idx ON public.account USING btree (id)")
	s, err := schema.New(180000, []*schema.Object{index, account, id}, nil, 0)
	if err != nil {
		panic(err)
	}
	statements, err := ddl.Create(s, ddl.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Print(ddl.Script(statements))
	// Output:
	// SET check_function_bodies = off;
	//
	// CREATE TABLE public.account (
	//     id bigint NOT NULL
	// );
	// COMMENT ON TABLE public.account IS 'who can log in';
	//
	// CREATE INDEX account_id_idx ON public.account USING btree (id);
}
