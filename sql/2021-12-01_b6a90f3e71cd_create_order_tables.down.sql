-- revision: b6a90f3e71cd

DROP TABLE sales_order_line;
DROP TABLE sales_order;
