"""Old encodings are told by whether their letters make words."""

import csv
import io

import pytest

from headgate.engine.reading.detect import detect
from headgate.engine.reading.encoding import guess_encoding
from headgate.errors import OptionsError
from headgate.options import ReadOptions

TEXTS = {
    "french": "nom;ville\nÉlodie Lefèvre;Besançon\nHélène Garçon;Nîmes\nécole;Saint-Étienne\n",
    "german": "Name;Straße;Preis\nMüller;Königsallee 5;12,50 €\nJürgen Weiß;Düsseldorf;5\n",
    "english": "Supplier,Amount\nMarks & Spencer’s,£120.50\nO’Brien – Sons,£12\n",
    "spanish": "nombre,ciudad\nJosé Peña,Málaga\nMaría Núñez,Cádiz\n",
    "polish": "nazwa;miasto\nŁukasz Wójcik;Łódź\nMałgorzata Żak;Kraków\nksiążka;Gdańsk\n",
    "czech": "jméno;město\nJiří Dvořák;Plzeň\nŘehoř Němec;Třebíč\nučitelství;ano\n",
    "turkish": "ad;şehir\nAyşe Yılmaz;İstanbul\nGülşah Çağlar;Eskişehir\n",
    "russian": "имя;город\nИван Петров;Москва\nУлица Ленина;Казань\n",
    "ukrainian": "ім'я;місто\nЇжак Ганна;Київ\nОлексій Бойко;Чернігів\n",
    "hungarian": "név;város\nErdős Győző;Győr\nŐri Fűzfa Ágnes;Székesfehérvár\n",
    "latvian": "vārds;pilsēta\nJānis Bērziņš;Rīga\nŽanis Kļaviņš;Jūrmala\n",
    "lithuanian": "vardas;miestas\nŽydrūnas Šalčius;Šiauliai\nEglė Čepaitė;Panevėžys\n",
    "bulgarian": "име;град\nИван Петров;София\nЕлена Йорданова;Пловдив\n",
    "greek": "όνομα;πόλη\nΓιώργος Παπαδόπουλος;Αθήνα\nΜαρία Ιωάννου;Θεσσαλονίκη\n",
    "greek euros": "Νομός;Ποσό\nΑθήνα;1 €\nΠάτρα;2 €\nΛάρισα;3 €\nΧανιά;4 €\nΣύρος;5 €\n",
    "greek capitals": "ΟΝΟΜΑ;ΠΟΛΗ\nΓΙΩΡΓΟΣ;ΑΘΗΝΑ\nΜΑΡΙΑ;ΘΕΣΣΑΛΟΝΙΚΗ\n",
    "russian capitals": "ИМЯ;ГОРОД\nИВАНОВ;МОСКВА\nПЕТРОВА;КАЗАНЬ\n",
    "russian endings": "ИМЯ;ДОЛЯ\nЗЕМЛЯ;ВОЛЯ\n",
    "hebrew": "שם,עיר\nדוד,ירושלים\nשרה,תל אביב\nמשה,חיפה\n",
    "arabic": "id,city,name\n1,Cairo,القاهرة\n2,Riyadh,الرياض\n3,Amman,عمان\n",
    "arabic articles": "المنطقة|2020\nفاطمة|5\nمحمد|2\nالرياض|66\nالقاهرة|16\n",
    "arabic between pipes": "المنطقة|ملاحظة\nالاسم|A\nعمان|602\n",
    "persian": "id,شهر\n1,تهران\n2,اصفهان\n3,شيراز\n",
    "thai": "id,จังหวัด\n1,กรุงเทพมหานคร\n2,เชียงใหม่\n3,ภูเก็ต\n",
    "euros": "id;Preis\n1;5,00 €\n2;6,00 €\n",
    "chinese": "姓名,城市,地址\n张伟,北京市,朝阳区建国路88号\n王芳,上海市,浦东新区世纪大道100号\n",
    "taiwanese": "姓名,城市,地址\n陳怡君,台北市,信義區市府路1號\n林志明,高雄市,四維三路2號\n",
    "pipes": "編號|功能|價格\n1|許功蓋|100\n2|成功|200\n3|餐廳|300\n",
    "japanese": "氏名,都市\n佐藤太郎,東京都\nたなか,カタカナ\n",
    "half-width japanese": "ｺｰﾄﾞ,ﾅﾏｴ\n1,ﾔﾏﾀﾞ\n2,ｽｽﾞｷ\n3,ﾀﾅｶ\n",
    "korean": "이름,도시\n김철수,서울특별시\n박영희,부산광역시\n",
    "korean names": "날짜,값\n1,2\n",
    "korean words": "상품명,가격,합계,비고\n1,2,3,4\n",
    "chinese names": "性别,合计,备注\n1,2,3\n",
    "taiwanese names": "類型,狀態\n1,2\n",
    "japanese names": "日付,値\n1,2\n",
    "vietnamese": "Ho\u0323 tên,Thành phô\u0301\nĐă\u0323ng An,Hà Nô\u0323i\nLê Hà,Huê\u0301\n",
    "numbered": "Nº;Fecha\n1;2024-01-31\n",
    "microlitres": "Sample,Volume (µL)\n" + "".join(f"s{i},{i} µL\n" for i in range(40)),
    "micrograms": "Sample,ng/µL,µg\n" + "".join(f"s{i},{i},{i} µg\n" for i in range(40)),
    "taiwanese nothing": "編號,備註\n" + "".join(f"{i},無\n" for i in range(400)),
    "volumes": "gas,µg/m³\n" + "".join(f"NO{i},{i} µg/m³\n" for i in range(40)),
    "french numbers": "N°;Client\n" + "".join(f"N° {i};c{i}\n" for i in range(40)),
    "trade marks": "index;value\n" + "".join(f"Smallcap® Index;{i}\n" for i in range(9)),
    "units": "time,temperature °C,width µm\n1,20,3\n2,21,4\n",
}

READ = [
    ("french", "cp1252"),
    ("french", "mac-roman"),
    ("french", "cp850"),
    ("german", "cp1252"),
    ("german", "mac-roman"),
    ("english", "cp1252"),
    ("english", "mac-roman"),
    ("spanish", "cp1252"),
    ("spanish", "mac-roman"),
    ("polish", "cp1250"),
    ("polish", "iso8859-2"),
    ("czech", "cp1250"),
    ("turkish", "cp1254"),
    ("turkish", "cp857"),
    ("russian", "cp1251"),
    ("russian", "koi8-r"),
    ("russian", "cp866"),
    ("russian", "iso8859-5"),
    ("ukrainian", "koi8-u"),
    ("hungarian", "cp1250"),
    ("latvian", "cp1257"),
    ("latvian", "cp775"),
    ("lithuanian", "cp775"),
    ("bulgarian", "cp1251"),
    ("bulgarian", "cp855"),
    ("greek", "cp1253"),
    ("greek", "cp737"),
    ("greek euros", "cp1253"),
    ("greek euros", "iso8859-7"),
    ("greek capitals", "cp1253"),
    ("russian capitals", "cp1251"),
    ("russian capitals", "koi8-r"),
    ("russian endings", "cp1251"),
    ("hebrew", "cp1255"),
    ("hebrew", "iso8859-8"),
    ("arabic", "cp1256"),
    ("arabic", "iso8859-6"),
    ("arabic articles", "cp1256"),
    ("arabic between pipes", "cp1256"),
    ("persian", "cp1256"),
    ("thai", "cp874"),
    ("euros", "cp1252"),
    ("euros", "iso8859-15"),
    ("chinese", "gb18030"),
    ("taiwanese", "big5"),
    ("pipes", "big5"),
    ("japanese", "shift_jis"),
    ("half-width japanese", "shift_jis"),
    ("japanese", "euc_jp"),
    ("japanese", "iso2022_jp"),
    ("japanese", "iso2022_jp_ext"),
    ("korean", "euc_kr"),
    ("korean", "iso2022_kr"),
    ("korean names", "cp949"),
    ("korean words", "cp949"),
    ("chinese names", "gb18030"),
    ("taiwanese names", "big5"),
    ("japanese names", "euc_jp"),
    ("vietnamese", "cp1258"),
    ("numbered", "cp1252"),
    ("microlitres", "cp1252"),
    ("microlitres", "mac-roman"),
    ("micrograms", "cp1252"),
    ("taiwanese nothing", "big5"),
    ("volumes", "cp1252"),
    ("french numbers", "cp1252"),
    ("trade marks", "cp1252"),
    ("units", "cp1252"),
    ("units", "mac-roman"),
    ("russian", "utf-16-le"),
    ("german", "utf-16-be"),
    ("chinese", "utf-8"),
]


@pytest.mark.parametrize(("language", "encoding"), READ)
def test_text_comes_back_in_its_own_letters(language, encoding):
    """A few lines are enough to read a language in an encoding that it is written in."""
    data = TEXTS[language].encode(encoding)
    found = guess_encoding(data, b"", None, "file.csv")
    assert data.decode(found.name) == TEXTS[language]


@pytest.mark.parametrize("name", ["Value (£)", "Cost (£k)", "Rate [£/h]"])
def test_a_currency_in_brackets_is_a_unit(name):
    """It is no letter of another language, even where no other sign is beyond ASCII."""
    data = f"Date,{name}\n1/2/24,3\n".encode("cp1252")
    assert guess_encoding(data, b"", None, "file.csv").name == "cp1252"


@pytest.mark.parametrize("before", [0, 60_000])
def test_a_file_of_seven_bits_is_read_by_its_escape_sequences(tmp_path, before):
    """Also where the first of them stands far down, and inside quotes and beside delimiters."""
    from headgate.engine.reading.tokenise import tokenise

    path = tmp_path / "mail.csv"
    table = [["id", "name", "note"], *([str(i), "plain", "text"] for i in range(before))]
    table += [["7", "佐藤、太郎", 'カ"タ"カ,ナ'], ["8", "全角ー", "\\"]] * 2
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    path.write_bytes(text.getvalue().encode("iso2022_jp"))
    dialect = detect(path)
    rows = [row for rows in tokenise(path, dialect) for row in rows.fields]
    assert dialect.encoding == "iso2022_jp"
    assert rows[-4:] == table[-4:]


def test_escape_sequences_of_a_terminal_are_text():
    """Colours in a log do not make it Japanese."""
    data = b"time,line\n1,\x1b[31mred\x1b[0m\n2,cost \x1b$5\n"
    assert guess_encoding(data, b"", None, "log.csv").name == "utf-8"


def test_stray_bytes_in_utf8_are_read_as_cp1252(tmp_path):
    """Where two encodings were pasted together, neither part is garbled nor refused."""
    from headgate.engine.reading.tokenise import tokenise

    path = tmp_path / "mixed.csv"
    path.write_bytes("a,b\nKöln,Zürich\nMünchen,x\n".encode() + "café,y\n".encode("cp1252"))
    dialect = detect(path)
    rows = [row for rows in tokenise(path, dialect) for row in rows.fields]
    assert dialect.fallback == "cp1252"
    assert rows == [["Köln", "Zürich"], ["München", "x"], ["café", "y"]]


def test_letters_far_into_a_long_line_decide():
    """The first letters beyond ASCII may come after thousands of others on the same line."""
    text = f"a,b\n{'x' * 5000},{TEXTS['japanese'] * 200}".replace("\n", " ")
    assert guess_encoding(text.encode("cp932"), b"", None, "file.csv").name == "cp932"


@pytest.mark.parametrize("end", ["le", "be"])
def test_utf16_that_is_told_needs_no_mark(end):
    """The order of its bytes is found where the name leaves it open."""
    data = "id,name\n1,Zoë\n".encode(f"utf-16-{end}")
    assert guess_encoding(data, b"", "utf-16", "file.csv").name == f"utf-16-{end}"
    assert guess_encoding(data[2:], b"", "utf-16-be", "file.csv").name == "utf-16-be"


@pytest.mark.parametrize("name", ["klingon", "rot13", "zlib", "undefined"])
def test_a_codec_that_is_no_text_encoding_is_refused(name):
    """Python's codecs that turn bytes into bytes, or into nothing, decode no file."""
    with pytest.raises(OptionsError, match="no encoding named"):
        guess_encoding(b"a,b\n1,2\n", b"", name, "file.csv")


@pytest.mark.parametrize("told", ["cp1252", "latin-1", "cp1254", "cp1251", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [*TEXTS.values(), "n;Müller\n", "CAFÉ\n", "N°\n", "5 €\n", "a – b\n", "NÃO\n", "fine 😀\n"],
)
def test_utf8_is_read_in_no_encoding_that_was_told_instead(text, told):
    """Garbled names would be published as good ones; one word beyond ASCII is enough to tell."""
    with pytest.raises(OptionsError, match=r"The file is not in .*: it is utf-8"):
        guess_encoding(text.encode(), b"", told, "file.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("MANHÃ”\n", "cp1252"),
        ("n;LÃ\xa0\n", "cp1252"),
        ("PÅ…\n", "cp1252"),
        ("n;โดน\n", "cp874"),
        ("n;ﾜｲﾊｲ\n", "cp932"),
        ("n;1\n", "cp1252"),
    ],
)
def test_an_encoding_that_was_told_holds_where_bytes_are_utf8_by_chance(text, told):
    """Few characters may be so, and read as well or better as they were told."""
    data = text.encode(told)
    data.decode()
    assert data.decode(guess_encoding(data, b"", told, "file.csv").name) == text


@pytest.mark.parametrize(("language", "encoding"), READ)
def test_an_encoding_that_was_told_holds_where_it_is_the_files(language, encoding):
    """No text of any language is taken for UTF-8."""
    data = TEXTS[language].encode(encoding)
    assert guess_encoding(data, b"", encoding, "file.csv").evidence.why == "told by an option"


@pytest.mark.parametrize(
    ("written", "told"), [("utf-8-sig", "cp1252"), ("utf-16", "cp1252"), ("utf-16", "utf-8")]
)
def test_a_byte_order_mark_gainsays_the_encoding_that_was_told(written, told):
    """It would become a part of the first name."""
    with pytest.raises(OptionsError, match=f"not in {told}: it starts with the byte order mark"):
        guess_encoding("id,n\n1,2\n".encode(written), b"", told, "file.csv")


@pytest.mark.parametrize("told", ["utf-8-sig", "UTF8"])
def test_a_byte_order_mark_agrees_with_its_encoding(told):
    """By whatever name that was told."""
    assert guess_encoding("\ufeffid,n\n1,ü\n".encode(), b"", told, "file.csv").bom


def test_utf8_in_the_midst_of_a_large_file_is_not_read_as_was_told(tmp_path):
    """Where its head and its end are plain."""
    path = tmp_path / "large.csv"
    rows = [f"{n},plain words of some length" for n in range(80_000)]
    rows[40_000] = "40000,Jürgen Müller"
    path.write_text("\n".join(["id,name", *rows]), encoding="utf-8")
    with pytest.raises(OptionsError, match="it is utf-8, and 'Jürgen' would become 'JÃ¼rgen'"):
        detect(path, ReadOptions(encoding="cp1252"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Tarih;Satış\n01.02.2024;100\n", "cp1254"),
        ("Şehir\nİstanbul\nMuğla\nIğdır\n", "cp1254"),
        ("סכום\nרחל\nאשדוד\nמרים\n", "cp1255"),
        ("Nafn\nÞór\nGuðrún\nÝmir\n", "cp1252"),
        ("İl;İlçe;Nüfus\nAnkara;Keçiören;9\n", "cp1254"),
        ("nev;varos\nKis;Győr\n", "cp1250"),
        ("nev;vevő\nKis;A\n", "cp1250"),
        ("időpont;érték\n1;100\n", "cp1250"),
        ("Heiti;Fjöldi\nAlþingi;1\nÞjónusta;2\nÍþróttir;3\n", "cp1252"),
        ("Nimi;Linn\nJõgi;Tõrva\nMägi;Võru\n", "cp1252"),
        ("Região;Opções;Põe\nSul;1;2\n", "cp1252"),
        ("Größe;Art\n1;groß\n", "cp850"),
        ("цена;дата\n0;город\n1;улица\n", "cp1251"),
        ("meno\nľudia\nžltý\nžltý\nstôl\n", "cp1250"),
    ],
)
def test_few_letters_tell_where_a_language_does_not_spell_so(text, encoding):
    """Icelandic begins no word with ð, Estonian ends none with õ, Russian tables have capitals.

    No word begins with a fraction, and no form of a letter for the end of words is inside one.
    """
    data = text.encode(encoding)
    assert data.decode(guess_encoding(data, b"", None, "file").name) == text


def test_letters_too_few_to_tell_are_told():
    """What another encoding would make of the same bytes stands in the evidence."""
    found = guess_encoding("Adı;Tutar\nAli;100\n".encode("cp1254"), b"", None, "file")
    assert "cp1254 would make 'Adı' of 'Adý'" in found.evidence.why
    many = "école;forêt;été;à;où;mère;père;fenêtre;né;côté;âge\n" * 3
    assert "would" not in guess_encoding(many.encode("cp1252"), b"", None, "file").evidence.why


@pytest.mark.parametrize(("utf8", "legacy"), [(1, 1), (2, 20), (20, 2), (9, 9)])
def test_lines_of_two_programs_are_each_read_in_their_own_encoding(utf8, legacy):
    """However many there are of each: a capital within small letters tells UTF-8 from cp1252."""
    lines = ["Müller,café\n".encode()] * utf8 + ["Jürgen,Düsseldorf\n".encode("cp1252")] * legacy
    found = guess_encoding(b"name,place\n" + b"".join(lines), b"", None, "")
    assert (found.name, found.fallback) == ("utf-8", "cp1252")


@pytest.mark.parametrize("text", ["MANHÃ”,IRMÃ»\n", "manhã,LÃ\xa0e\n", "São,AÇÃO\n"])
def test_portuguese_capitals_are_not_taken_for_utf8(text):
    """A sign or a blank may follow a capital Ã, as two bytes of UTF-8 do."""
    assert guess_encoding(text.encode("cp1252"), b"", None, "").fallback is None
