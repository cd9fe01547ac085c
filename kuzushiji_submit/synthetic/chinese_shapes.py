"""Which code point of a Chinese brush font draws a kanji of old Japanese books.

Such fonts hold the simplified characters of China. Most of these come from grass script and look in a brush font as
the books' characters do (貝 and 贝); some are other characters in the books' sense (雲 and 云, 葉 and 叶). Liu Jian
Mao Cao, by the glyphs looked at (those of the second table), draws the old shape of the latter at the simplified
code point: there 云 shows 雲, and must not be drawn for 云. Zhi Mang Xing, in a sample of frequent kanji, draws what
the code point says, and serves none of them.
"""

# Old kanji and the simplified one, side by side; for each class of the competition with some frequency.
_LIKE = (
    "見见時时給给様样長长聞闻風风湯汤間间東东餅饼鳥鸟為为紙纸義义焼烧書书魚鱼帰归塩盐門门種种飯饭悪恶頭头漬渍実实馬马親亲語语無无強强"
    "別别両两遠远類类懸悬辺边過过島岛処处児儿細细勝胜関关詞词師师伝传養养鍋锅婦妇終终勢势頃顷張张遊游違违詰诘顔颜紅红話话説说節节進进"
    "図图諸诸紀纪覚觉縁缘極极薬药涙泪橋桥竜龙結结賀贺業业愛爱豊丰夢梦誰谁蔵藏尋寻帯带楽乐連连労劳難难編编問问買买貴贵経经産产頼赖計计"
    "階阶記记鶴鹤誠诚銭钱衆众鳴鸣組组揚扬乗乘納纳願愿減减陸陆濃浓達达倉仓猶犹則则織织陰阴貫贯銀银飼饲転转従从談谈敵敌対对軽轻請请縫缝"
    "団团備备陽阳証证郷乡恥耻録录調调訳译場场満满蓮莲鶏鸡開开訓训詣诣広广漢汉積积暫暂変变興兴済济戦战絹绢絵绘隣邻惣总約约輪轮遺遗貧贫"
    "論论側侧羅罗賊贼賞赏冊册責责荘庄騎骑飲饮臥卧読读爾尔鉄铁軒轩烏乌歯齿動动貞贞慮虑釣钓驚惊絶绝賢贤紋纹堅坚縄绳雑杂熱热塗涂討讨煙烟"
    "館馆損损輩辈栄荣農农銚铫網网亀龟議议掃扫報报恵惠騒骚華华領领孫孙漸渐謂谓樹树構构続续現现鐘钟詩诗習习儀仪順顺鷹鹰負负憂忧麗丽頓顿"
    "塵尘貰贳錦锦離离術术観观簡简撃击円圆糧粮聖圣貯贮権权須须針针評评帳帐諧谐題题穂穗釈释預预園园頻频畢毕偽伪識识貸贷線线財财運运個个"
    "漁渔詳详謀谋馳驰駆驱蘇苏鮮鲜煩烦際际絞绞採采設设緒绪飢饥顧顾飽饱獅狮誤误顕显継继職职楊杨執执獣兽決决銅铜貝贝車车馴驯"
)  # fmt: skip
# Old kanji, and where Liu Jian Mao Cao alone draws it.
_REDRAWN = (
    "雲云國国後后葉叶幾几乾干餘余醜丑臺台萬万號号禮礼盡尽會会體体雙双條条點点獨独寶宝舊旧蟲虫燈灯聲声亂乱製制"
    "昇升繋系僕仆樸朴巖岩嶽岳棄弃鬱郁麺面屍尸異异數数晝昼參参當当學学醫医區区寫写斷断壽寿"
)  # fmt: skip


def _pairs(text: str) -> dict[str, str]:
    return dict(zip(text[::2], text[1::2], strict=True))


SIMPLIFIED = _pairs(_LIKE)
REDRAWN = _pairs(_REDRAWN)
