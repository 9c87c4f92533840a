-- revision: 8c1d27b0f54a

DROP TABLE product;
DROP TABLE category;
