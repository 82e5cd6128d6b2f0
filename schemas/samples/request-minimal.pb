
req-0002	acct-0001Ä±¨Ì€3rhaiku-5