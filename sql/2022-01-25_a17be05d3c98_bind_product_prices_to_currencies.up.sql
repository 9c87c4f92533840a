-- bind product prices to currencies
--
-- revision: a17be05d3c98
-- down_revision: 96f0c4d7ab21
-- branch_labels:
-- depends_on:
-- created: 2022-01-25T09:14:02Z
-- lock_timeout: 2s

ALTER TABLE product
    ADD CONSTRAINT product_currency_code_fkey FOREIGN KEY (currency_code) REFERENCES currency;

CREATE INDEX product_currency_code_idx ON product (currency_code);
