-- create revenue views
--
-- revision: 5d2c9e84fb06
-- down_revision: a17be05d3c98
-- branch_labels:
-- depends_on:
-- created: 2022-02-08T13:36:44Z

CREATE VIEW open_invoice AS
SELECT i.id, i.number, i.order_id, i.currency_code, i.total, i.due_on,
       i.total - COALESCE(sum(p.amount), 0) AS outstanding
FROM invoice i
LEFT JOIN payment p ON p.invoice_id = i.id
GROUP BY i.id
HAVING i.total > COALESCE(sum(p.amount), 0);

CREATE VIEW monthly_revenue AS
SELECT date_trunc('month', i.issued_on::timestamp)::date AS month,
       i.currency_code,
       count(*) AS invoices,
       sum(i.net) AS net,
       sum(i.tax) AS tax
FROM invoice i
GROUP BY 1, 2;
