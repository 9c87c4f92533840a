DROP TABLE "Account";
