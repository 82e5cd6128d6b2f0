
pay-0002	acct-0001ÀÂ¾ìÛ3*
card_added