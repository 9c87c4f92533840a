-- revision: ae1027a6acf1

ALTER TABLE account DROP email;
