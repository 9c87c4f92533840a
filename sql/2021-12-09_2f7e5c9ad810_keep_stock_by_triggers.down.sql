-- revision: 2f7e5c9ad810

DROP TRIGGER sales_order_line_takes_from_stock ON sales_order_line;
DROP FUNCTION take_from_stock();
DROP TABLE stock_movement;
DROP FUNCTION move_stock();
DROP TABLE stock;
