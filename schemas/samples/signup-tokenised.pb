
sgn-0002	acct-81bcà¨ÔëÛ3*2001:db8:44:7::1f0ö÷:mobileBJPR9f86d081884c7d65Z	gmail.comba.ad2r60303ae22b998861zJP‚mobile¢google²none