-- revision: a17be05d3c98

DROP INDEX product_currency_code_idx;

ALTER TABLE product
    DROP CONSTRAINT product_currency_code_fkey;
