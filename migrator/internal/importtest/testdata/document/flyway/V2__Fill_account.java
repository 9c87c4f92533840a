class V2__Fill_account {}
