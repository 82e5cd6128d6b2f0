
lab-0001	acct-7f3a€éÅ–Ü3"org-12*fraud2analyst:
north-windBtwo reviewers agree