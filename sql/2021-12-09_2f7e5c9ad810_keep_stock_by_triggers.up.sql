-- keep stock by triggers
-- Every change of the stock is a movement; an order line takes its quantity out of the
-- stock, and a shortage refuses the order.
--
-- revision: 2f7e5c9ad810
-- down_revision: b6a90f3e71cd
-- branch_labels:
-- depends_on:
-- created: 2021-12-09T16:30:00Z

CREATE TABLE stock (
    product_id bigint CONSTRAINT stock_pkey PRIMARY KEY
        CONSTRAINT stock_product_id_fkey REFERENCES product ON DELETE CASCADE,
    quantity integer NOT NULL CONSTRAINT stock_quantity_check CHECK (quantity >= 0)
);

CREATE TABLE stock_movement (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT stock_movement_pkey PRIMARY KEY,
    product_id bigint NOT NULL CONSTRAINT stock_movement_product_id_fkey REFERENCES product ON DELETE CASCADE,
    change integer NOT NULL CONSTRAINT stock_movement_change_check CHECK (change <> 0),
    reason text NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX stock_movement_product_id_idx ON stock_movement (product_id);

CREATE FUNCTION move_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $function$
BEGIN
    -- The update comes first: a row of an INSERT ... ON CONFLICT is checked before
    -- the conflict, so a negative change would never get past stock_quantity_check.
    UPDATE stock SET quantity = quantity + NEW.change WHERE product_id = NEW.product_id;
    IF NOT FOUND THEN
        INSERT INTO stock (product_id, quantity) VALUES (NEW.product_id, NEW.change)
        ON CONFLICT (product_id) DO UPDATE SET quantity = stock.quantity + excluded.quantity;
    END IF;
    RETURN NULL;
END;
$function$;

CREATE TRIGGER stock_movement_moves_stock
    AFTER INSERT ON stock_movement
    FOR EACH ROW EXECUTE FUNCTION move_stock();

CREATE FUNCTION take_from_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $function$
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        INSERT INTO stock_movement (product_id, change, reason)
        VALUES (OLD.product_id, OLD.quantity, format('order %s, line %s: put back', OLD.order_id, OLD.line));
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO stock_movement (product_id, change, reason)
        VALUES (NEW.product_id, -NEW.quantity, format('order %s, line %s', NEW.order_id, NEW.line));
    END IF;
    RETURN NULL;
END;
$function$;

CREATE TRIGGER sales_order_line_takes_from_stock
    AFTER INSERT OR DELETE OR UPDATE OF product_id, quantity ON sales_order_line
    FOR EACH ROW EXECUTE FUNCTION take_from_stock();
