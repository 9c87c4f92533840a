ALTER TABLE account DROP age;
