-- create currency table
-- The data comes with the table: without currencies nothing can be billed.
--
-- revision: 71c3fa2e90b8
-- down_revision:
-- branch_labels: billing
-- depends_on:
-- created: 2021-12-03T10:22:48Z

CREATE TABLE currency (
    code char(3) CONSTRAINT currency_pkey PRIMARY KEY,
    name varchar(60) NOT NULL CONSTRAINT currency_name_key UNIQUE,
    minor_digits smallint NOT NULL,
    CONSTRAINT currency_code_check CHECK (code ~ '^[A-Z]{3}$'),
    CONSTRAINT currency_minor_digits_check CHECK (minor_digits BETWEEN 0 AND 4)
);

COMMENT ON COLUMN currency.minor_digits IS 'How many digits after the point an amount has.';

COPY currency (code, name, minor_digits) FROM stdin;
CHF	Swiss franc	2
CZK	Czech koruna	2
DKK	Danish krone	2
EUR	Euro	2
GBP	Pound sterling	2
ISK	Íslensk króna	0
JPY	Yen	0
KWD	Kuwaiti dinar	3
PLN	Złoty	2
SEK	Swedish krona	2
USD	US dollar	2
\.
