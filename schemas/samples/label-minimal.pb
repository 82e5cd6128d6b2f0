
lab-0002	acct-0001€éÅ–Ü3*legit2appeal