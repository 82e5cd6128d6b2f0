
pay-0001	acct-7f3a’»æÏ€3"org-12*charge2ins-33f1:cardB424242JvirtualRUSZSGbb1946ac92492d234j591785b794601e21p–zUSDÇ203.0.113.77àG