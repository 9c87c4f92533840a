-- CreateIndex
CREATE UNIQUE INDEX "Account_name_key" ON "Account"("name");
