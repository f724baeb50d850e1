"""Small grammars of nine further languages: language varies in everybody's traffic alike and tells nothing."""

# ruff: noqa: RUF001  (letters of other scripts are meant)
from __future__ import annotations

import random
from typing import Final

from revenuer.simulate.texts.grammar import say
from revenuer.simulate.texts.lexicon import Domain

__all__ = ["LANGUAGES", "foreign", "translations"]

# code, name | nouns | verbs | adjectives | people | units; patterns follow, one a line.
_SOURCES: Final = (
    """Spanish|la factura el perro la cocina el viaje la playa el contrato la ventana el horno el jardín la bicicleta el mercado la receta el museo la tormenta el puente la cuenta el reloj la novela|reparar comprar vender pintar medir buscar guardar explicar traducir cambiar|caro viejo nuevo frío lento seguro raro pequeño|vecina médico abogado profesora cliente|días euros litros horas
¿{Cómo puedo|Cuándo conviene|Por qué hay que|Dónde se puede} <v> <n>{| con <n>| sin <n>| en <P>}?
{Necesito|Quiero|Mi <r> debe|Mañana voy a} <v> <n>{ antes del <d>| y también <n>|, pero <n> es <a>|}.
{Cuesta|Faltan|Quedan|Son} <d> <u> {para <v> <n>|por <n>|desde que <n> parece <a>}.
{En <P>|Ayer|Según mi <r>} <n> {resultó|estaba|parecía} muy <a>{ y <n> también|, aunque <n> no|}.
¿{Qué opinas de|Cuál es la historia de|Cuánto vale} <n>{ de <P>|, tan <a>|}?""",
    """French|la facture le chien la cuisine le voyage la plage le contrat la fenêtre le four le jardin le vélo le marché la recette le musée la tempête le pont le compte la montre le roman|réparer acheter vendre peindre mesurer chercher garder expliquer traduire changer|cher vieux froid lent sûr rare petit étrange|voisine médecin avocat professeur cliente|jours euros litres heures
{Comment|Quand|Pourquoi|Où} {faut-il|peut-on|dois-je} <v> <n>{| avec <n>| sans <n>| à <P>} ?
{Je voudrais|Nous devons|Mon <r> veut|Il faut} <v> <n>{ avant le <d>| et aussi <n>|, mais <n> semble <a>|}.
{Il reste|Cela coûte|Il faut compter} <d> <u> {pour <v> <n>|par <n>|depuis que <n> est <a>}.
{À <P>|Hier|Selon ma <r>}, <n> {était|paraissait|devenait} très <a>{ et <n> aussi|, mais pas <n>|}.
{Que penses-tu de|D'où vient|Combien vaut} <n>{ de <P>|, si <a>|} ?""",
    """German|die Rechnung der Hund die Küche die Reise der Strand der Vertrag das Fenster der Ofen der Garten das Fahrrad der Markt das Rezept das Museum der Sturm die Brücke das Konto die Uhr der Roman|reparieren kaufen verkaufen streichen messen suchen behalten erklären übersetzen tauschen|teuer alt neu kalt langsam sicher selten klein|Nachbarin Ärztin Anwalt Lehrer Kundin|Tage Euro Liter Stunden
{Wie|Wann|Warum|Wo} {soll ich|kann man|muss die <r>} <n> <v>?
{Ich möchte|Wir müssen|Meine <r> will|Morgen werden wir} <n> {<v>|bis zum <d>. <v>|in <P> <v>}, {aber <n> ist <a>|weil <n> fehlt|sagt die <r>}.
{Es dauert|Es fehlen|Das kostet} <d> <u>{, bis <n> <a> ist| für <n>|, seit <n> weg ist}.
{In <P>|Gestern|Laut <r>} {war|schien|wurde} <n> {sehr|ziemlich|zu} <a>{ und <n> auch|, nur <n> nicht|}.
{Was hältst du von|Woher kommt|Was kostet} <P>, {<n>|<n> und <n>}?""",
    """Portuguese|a fatura o cachorro a cozinha a viagem a praia o contrato a janela o forno o jardim a bicicleta o mercado a receita o museu a tempestade a ponte a conta o relógio o romance|consertar comprar vender pintar medir procurar guardar explicar traduzir trocar|caro velho novo frio lento seguro raro pequeno|vizinha médico advogado professora cliente|dias reais litros horas
{Como posso|Quando devo|Por que preciso|Onde dá para} <v> <n>{| com <n>| sem <n>| em <P>}?
{Quero|Preciso|Minha <r> vai|Amanhã vamos} <v> <n>{ antes do dia <d>| e também <n>|, mas <n> está <a>|}.
{Custa|Faltam|São} <d> <u> {para <v> <n>|por <n>|desde que <n> ficou <a>}.
{Em <P>|Ontem|Segundo o <r>}, <n> {estava|parecia|ficou} muito <a>{ e <n> também|, mas <n> não|}.""",
    """Italian|la fattura il cane la cucina il viaggio la spiaggia il contratto la finestra il forno il giardino la bicicletta il mercato la ricetta il museo la tempesta il ponte il conto il romanzo|riparare comprare vendere dipingere misurare cercare tenere spiegare tradurre cambiare|caro vecchio nuovo freddo lento sicuro raro piccolo|vicina medico avvocato maestra cliente|giorni euro litri ore
{Come posso|Quando conviene|Perché bisogna|Dove si può} <v> <n>{| con <n>| senza <n>| a <P>}?
{Vorrei|Dobbiamo|La mia <r> vuole|Domani devo} <v> <n>{ entro il <d>| e anche <n>|, ma <n> è <a>|}.
{Servono|Mancano|Costa} <d> <u> {per <v> <n>|per <n>|da quando <n> sembra <a>}.
{A <P>|Ieri|Secondo il <r>} <n> {era|sembrava|diventava} molto <a>{ e anche <n>|, ma non <n>|}.""",
    """Polish|rachunek pies kuchnia podróż plaża umowa okno piec ogród rower rynek przepis muzeum burza most konto zegar powieść|naprawić kupić sprzedać pomalować zmierzyć znaleźć zachować wyjaśnić przetłumaczyć wymienić|drogi stary nowy zimny wolny pewny rzadki mały|sąsiadka lekarz prawnik nauczyciel klient|dni złotych litrów godzin
{Jak|Kiedy|Dlaczego|Gdzie} {mogę|trzeba|warto} <v> {to: <n>|<n> i <n>|coś takiego jak <n>}?
{Chcę|Musimy|Mój <r> ma|Jutro mam} <v> <n>{ przed <d> dniem|, ale <n> jest <a>| oraz <n>|}.
{Zostało|Potrzeba|To kosztuje} <d> <u>{, bo <n> jest <a>|, mówi <r>|}.
{W <P>|Wczoraj|Według <r>} <n> {był|wydawał się|zrobił się} {bardzo|dość|zbyt} <a>.""",
    """Turkish|fatura köpek mutfak yolculuk sahil sözleşme pencere fırın bahçe bisiklet pazar tarif müze fırtına köprü hesap saat roman|onarmak almak satmak boyamak ölçmek aramak saklamak açıklamak çevirmek değiştirmek|pahalı eski yeni soğuk yavaş güvenli nadir küçük|komşu doktor avukat öğretmen müşteri|gün lira litre saat
<n> {için|ile|olmadan} {nasıl|ne zaman|neden|nerede} <v> {gerekir|mümkün|daha iyi}?
<P> {şehrinde|yakınında|bölgesinde} <n> {çok|biraz|artık} <a>{, ama <n> değil|, <r> öyle diyor|}.
{Yarın|Bugün|<d> gün sonra} {<r> ile|tek başıma} <n> <v> {istiyorum|zorundayım}.
<n> {yaklaşık|tam|en az} <d> <u> {sürer|tutar|ister}{, çünkü <n> <a>|}.""",
    """Japanese|請求書 犬 台所 旅行 海岸 契約 窓 庭 自転車 市場 レシピ 美術館 嵐 橋 口座 時計 小説 会議|修理する 買う 売る 塗る 測る 探す 保管する 説明する 翻訳する 交換する|高い 古い 新しい 冷たい 遅い 安全な 珍しい 小さい|隣人 医者 弁護士 先生 お客様|日 円 リットル 時間
<n>を<v>{には|ために|前に}{どうすればいいですか|何が必要ですか|いつがいいですか}？
{昨日|先週|<P>で}、<a><n>と<n>を{見ました|<v>ことにしました|比べました}。
<r>は<n>が<a>と{言います|思っています}が、<n>は{<d><u>かかります|<d><u>残っています}。
{なぜ|どこで|誰が}<a><n>を<v>のですか？""",
    """Chinese|发票 小狗 厨房 旅行 海滩 合同 窗户 烤箱 花园 自行车 市场 菜谱 博物馆 风暴 桥 账户 手表 小说|修理 购买 出售 粉刷 测量 寻找 保存 解释 翻译 更换|贵 旧 新 冷 慢 安全 少见 小|邻居 医生 律师 老师 客户|天 元 升 小时
{怎么|什么时候|为什么要|在哪里可以}<v><n>{？|和<n>？|，而不用<n>？}
{昨天|上周|在<P>}{我们|我的<r>}<v>了<n>，{但是|因为|所以}<n>{很|不太|有点}<a>。
<n>{大约|至少|还要}<d><u>{，<r>说|，如果<n>太<a>|}。
{你觉得|请问}<P>的<n>{怎么样|值多少<u>|比<n><a>吗}？""",
    """Russian|счёт собака кухня поездка пляж договор окно печь сад велосипед рынок рецепт музей буря мост часы роман отчёт|починить купить продать покрасить измерить найти сохранить объяснить перевести заменить|дорогой старый новый холодный медленный надёжный редкий маленький|соседка врач юрист учитель клиент|дней рублей литров часов
{Как|Когда|Зачем|Где} {можно|нужно|лучше} <v> {<n>|<n> и <n>|что-то вроде: <n>}?
{Хочу|Надо|Мой <r> решил|Завтра буду} <v> <n>{ до <d> числа|, но <n> слишком <a>|, а ещё <n>|}.
{Осталось|Нужно|Это займёт} <d> <u>{, пока <n> <a>|, сказал <r>|}.
{В <P>|Вчера|По словам <r>} <n> {был|казался|стал} {очень|довольно|не такой} <a>.""",
)  # fmt: skip


def _language(source: str) -> tuple[str, Domain, tuple[str, ...]]:
    head, *patterns = source.splitlines()
    name, *parts = head.split("|")
    nouns = parts[0].split()
    articles = {"la", "el", "le", "der", "die", "das", "a", "o", "il"}
    if nouns[0] in articles:
        nouns = [f"{a} {b}" for a, b in zip(nouns[::2], nouns[1::2], strict=True)]
    return name, Domain(name, tuple(nouns), *(tuple(p.split()) for p in parts[1:])), tuple(patterns)


LANGUAGES: Final = {name: (domain, patterns) for name, domain, patterns in map(_language, _SOURCES)}


def foreign(dice: random.Random, sentences: int = 1, name: str | None = None) -> str:
    """Some sentences in one of the languages."""
    domain, patterns = LANGUAGES[name or dice.choice(tuple(LANGUAGES))]
    return " ".join(say(dice.choice(patterns), domain, dice) for _ in range(sentences))


def translations(dice: random.Random) -> tuple[str, str]:
    """Names of a source and a target language."""
    pair = dice.sample([*LANGUAGES, "English"], 2)
    return pair[0], pair[1]
