-- revision: 5d2c9e84fb06

DROP VIEW monthly_revenue;
DROP VIEW open_invoice;
