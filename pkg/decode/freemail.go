package decode

// isFreeMail reports whether a domain, in lower case, is a public mailbox provider:
// there everybody shares the domain, so that sharing it says nothing. The list holds the
// providers with the most mailboxes; a provider that is missing is only a popular domain.
func isFreeMail(domain string) bool {
	switch domain {
	case "gmail.com", "googlemail.com",
		"outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.es",
		"hotmail.it", "outlook.de", "outlook.fr", "outlook.es", "outlook.jp", "live.co.uk", "live.fr", "live.nl",
		"yahoo.com", "ymail.com", "rocketmail.com", "myyahoo.com", "yahoo.co.uk", "yahoo.co.jp", "yahoo.co.in", "yahoo.in",
		"yahoo.fr", "yahoo.de", "yahoo.es", "yahoo.it", "yahoo.ca", "yahoo.com.br", "yahoo.com.ar", "yahoo.com.mx",
		"yahoo.com.au", "yahoo.com.tw", "yahoo.com.hk", "yahoo.com.sg", "yahoo.com.ph", "yahoo.co.id",
		"icloud.com", "me.com", "mac.com", "aol.com", "aim.com",
		"proton.me", "protonmail.com", "pm.me", "protonmail.ch", "tutanota.com", "tuta.com", "tuta.io", "tutamail.com",
		"gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "mail.com", "email.com", "t-online.de", "freenet.de",
		"zoho.com", "zohomail.com", "fastmail.com", "fastmail.fm", "hey.com", "hushmail.com", "posteo.de", "mailbox.org",
		"disroot.org", "riseup.net", "runbox.com", "startmail.com", "duck.com", "mozmail.com", "privaterelay.appleid.com",
		"qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "vip.qq.com", "vip.163.com", "188.com", "sina.com",
		"sina.cn", "sohu.com", "aliyun.com", "139.com", "189.cn", "21cn.com", "tom.com", "wo.cn",
		"naver.com", "hanmail.net", "daum.net", "kakao.com", "nate.com",
		"docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "nifty.com",
		"mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru", "yandex.ru", "yandex.com", "ya.ru", "rambler.ru",
		"ukr.net", "i.ua", "seznam.cz", "centrum.cz", "email.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "op.pl",
		"abv.bg", "mail.bg", "freemail.hu", "citromail.hu", "azet.sk", "inbox.lv",
		"orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "neuf.fr", "bbox.fr",
		"libero.it", "virgilio.it", "tiscali.it", "alice.it", "tin.it", "ziggo.nl", "kpnmail.nl", "telenet.be", "skynet.be",
		"bluewin.ch", "btinternet.com", "sky.com", "virginmedia.com", "ntlworld.com", "talktalk.net",
		"comcast.net", "verizon.net", "att.net", "sbcglobal.net", "bellsouth.net", "cox.net", "charter.net", "earthlink.net",
		"shaw.ca", "rogers.com", "sympatico.ca", "bigpond.com", "optusnet.com.au",
		"uol.com.br", "bol.com.br", "terra.com.br", "ig.com.br", "globo.com",
		"rediffmail.com", "sify.com", "walla.co.il", "mynet.com":
		return true
	default:
		return false
	}
}
