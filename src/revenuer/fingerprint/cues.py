"""Words that say how a text stands to reasoning and to what it quotes: works on it, speaks about it, or wants it done."""

# ruff: noqa: RUF001 - words of other scripts are the point

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.fingerprint.mindwords import KEPT_WORDS, MIND_WORDS, OWN_WORDS
from revenuer.text.patterns import Patterns, not_after, not_before

__all__ = ["Heard"]

Bools = npt.NDArray[np.bool_]

# The request names the quotation as the thing to work on. Stems, so that endings do not matter.
_HANDLED: Final = (
    r"\b(?:summar|classif|categor|label|translat|paraphras|rewrit|rewrote|rephras|proofread|detect|recogni[sz]|flag|block|"
    r"incident|report|post-?mortem|logs?\b|logged|ticket|alert|attack|jailbreak|inject|phishing|abus|moderat|review|audit|"
    r"analy[sz]|triage|count|search|grep|find\b|quot|cites?\b|whether|grade|judge|scor|evaluat|rates?\b|rating|compar|"
    r"draft|repl(?:y|ies)\b|severity|serious|regex|regular expression|rules?\b|filter|classifier|tests?\b|pars(?:e|er|ing)\b|"
    r"function|docstring|bugs?\b|diffs?\b|wrong|fix\b|grammar|spell|mean(?:s|ing)?\b|intent|harmless|malicious|benign|"
    r"unsafe|policy|complain|refus|attempt|tries|trying|tried|"
    r"locali[sz]|target language|source text|source \(|into (?:english|french|german|spanish|italian|dutch|turkish|polish|russian|chinese|japanese|korean|arabic|hindi|portuguese)\b|"
    r"does (?:this|that|the)|why (?:was|did)|phrase\b|sentence\b|article|paper\b|customer|comment says|reads:|prompts? (?:such as|like)|found\b|voice memo|recording|interview|"
    r"bericht|vorfall|meldung|zusammen|einordn|ordne|übersetz|angriff|ist (?:das|die|der|dies)|warum|prüf|bewert|erkenn|"
    r"résum|class[ei]|tradui|attaque|est-ce|cherche|pourquoi|vérifi|évalu|"
    r"informe|incidente|resum|clasific|traduc|ataque|intenta|por qué|revis|evalú|"
    r"relatório|traduz|tenta|por que|avali|rapporto|riassum|attacco|perché|valuta|"
    r"samenvat|vertaal|aanval|beoordeel|waarom|raport|incydent|streść|sklasyfikuj|przetłumacz|atak|oceń|dlaczego|"
    r"отч[её]т|инцидент|резюм|классифиц|перевед|перевод|атак|пыта|почему|оцени|звіт|інцидент|стисло|переклад|намага|"
    r"rapor|olay|özetle|sınıfl|çevir|saldırı|neden|"
    r"báo cáo|sự cố|tóm tắt|phân loại|dịch|laporan|insiden|ringkas|klasifikasi|terjemah|sammanfatta|översätt|"
    r"दस्तावेज़|रिपोर्ट|घटना|सारांश|वर्गीकृत|अनुवाद|हमला|क्या यह|تقرير|حادث|لخص|صنف|ترجم|هجوم|הודעה|דוח|אירוע|סכם|תרגם)"
    r"|报告|事件|总结|摘要|分类|翻译|攻击|是不是|是否|判断|检测|为什么|发送|"
    r"報告|インシデント|要約|分類|翻訳|攻撃|ですか|ますか|判定|検知|送信|보고서|요약|분류|번역|공격|인가요|탐지|보냈|รายงาน"
    rf"|{not_after('this ', 'that ', 'here ')}\bis (?:this|that|the (?:message|text|prompt|following))"
)

# The request says to do what the quotation says. It must name the quotation: "follow the rules below" is in every prompt.
_PLACE: Final = r"(?:quot|inverted comma|enclosed|fenced|bracketed|code block|the block\b|the fence|tool (?:result|output)|the log\b)"
_DONE: Final = (
    rf"\b(?:do|follow|obey|execute|carry out|perform|comply|act on|answer|run|fulfil|respond to|proceed|apply|heed)\b[^.\n]{{0,40}}{_PLACE}"
    rf"|{_PLACE}[^.\n]{{0,40}}\b(?:is|are|as|contains?|holds?)\b[^.\n]{{0,24}}\b(?:instruction|task|request|order|command|question|prompt)"
    r"|\b(?:do|follow|obey|execute) (?:exactly )?(?:what|as) (?:it|is|this|that|they|he|she|stands|says|said|told|asked|written|the (?:text|message|quot|log|tool|document))"
    r"|\b(?:treat|take|regard|consider|read)\b[^.\n]{0,40}\bas (?:an? |my |your |the |if )?(?:\w+ )?(?:instruction|command|request|order|task|prompt)"
    r"|\bmy (?:\w+ )?(?:request|question|instruction|order|task|wish|prompt)s? (?:\w+ ){0,3}(?:in|between|inside|within|below|quoted|follows?)\b"
    r"|\b(?:tu|mach|befolge|führe|beantworte|folge)\b[^.\n]{0,40}(?:anführungszeichen|zitat|zitiert|codeblock|steht)"
    r"|\b(?:fais|suis|exécute|réponds|obéis)\b[^.\n]{0,40}(?:guillemets|citation|cité|encadré)"
    r"|\b(?:haz|sigue|ejecuta|responde|obedece)\b[^.\n]{0,40}(?:comillas|cita\b|citado|entrecomillado)"
    r"|\b(?:faça|siga|execute|responda|obedeça)\b[^.\n]{0,40}(?:aspas|citação|citado)"
    r"|\b(?:fai|segui|esegui|rispondi)\b[^.\n]{0,40}(?:virgolette|citazione|citato)"
    r"|(?:сделай|выполни|следуй|ответь|исполни)[^.\n]{0,40}(?:кавычк|цитат)"
    r"|(?:执行|按照|回答|遵循|遵照|照着)[^。\n]{0,15}(?:引号|引文|引用|代码块)"
    r"|(?:引用|かぎ括弧|カギ括弧|「」)[^。\n]{0,15}(?:実行|従|答え|行っ)"
    r"|(?:따옴표|인용)[^.\n]{0,15}(?:실행|따르|따라|대답|답해)"
    r"|(?:نفذ|اتبع|أجب)[^.\n]{0,40}(?:علامات|علامتي|الاقتباس|المقتبس)|(?:उद्धरण|उद्धृत)[^।\n]{0,30}(?:करो|पालन|उत्तर|मानो)"
)

# Something else is asked: enough beside what a machine returned, which nobody takes for a request of the user's.
_ASKED: Final = (
    r"[?？؟]|\b(?:write|fix|make|create|add|implement|build|give|list|solve|calculate|compute|plan|continue|refactor|update|"
    r"change|remove|run|what|which|who|when|where|how|schreib|mach|gib|écri|fais|donne|escribe|haz|da\b|escreva|faça|"
    r"scrivi|fai|напиши|сделай|исправь|yaz|yap|tell|show|help)|写|修复|列出|書いて|直して|作って|고쳐|써 줘|만들어"
)

# Reasoning is the subject of the text: it is defined, searched for, protected, built into software, asked for by others.
_PRODUCT: Final = (
    r"(?:article|essay|op-ed|blog post|post|paper|abstract|title|heading|slides?|policy|rule|guidelines?|faq|notice|press release|"
    r"report|post-?mortem|timeline|template|appeal|reply|letter|memo|regex|regular expression|function|parser|docstring|"
    r"(?:unit )?tests?|query|filter|detector|classifier|component|middleware|dashboard|panel|agenda|tweet|"
    r"newsletter|definition|related work|prompts that|dataclass|mitigations)"
)
_PEOPLE: Final = (
    r"(?:users?|attackers?|customers?|employees?|staff|students?|someone|somebody|nobody|people|accounts?|competitors?|"
    r"testers?|scrapers|interns?|researchers?|teachers?|annotators?|providers?|labs?|red team|team|teacher|worksheet)"
)
_ANSWERS: Final = (
    "reply",
    "answer",
    "response",
    "completed",
    "finished",
    "given",
    "final",
    "last",
    "previous",
    "earlier",
    "turn",
)
_MADE: Final = (r"ai\b",)  # an expression in an f-string takes no backslash
_MODELS: Final = (
    "model",
    "models",
    "assistant",
    "ai",
    "bot",
    "agent",
    "solver",
    "teacher",
    "expert",
    "author",
    "writer",
    "else",
)
# Whoever is named as the one who thinks is not the model; nor is somebody spoken of as he or she.
_OTHERS: Final = (
    rf"{not_after(*_MODELS)}['’]s (?:[\w-]+ ){{0,2}}(?:reasoning|thoughts?|thinking|minds?|logic)\b|\b(?:he|she) (?:\w+ ){{0,3}}(?:think|thought|thinks|thinking|hid|hides|kept|keeps|reasons|reasoned)\b"
    r"|\b(?:his|her) (?:\w+ ){0,2}(?:reasoning|thoughts?|thinking|mind)\b"
    rf"|\bhow (?:would )?(?:an?|the|people|others) {not_before('model', 'assistant', *_MADE, 'solver', 'previous', 'last', 'answer')}"
    r"|\b(?:razonamiento|ragionamento|raciocínio|pensamientos?|pensieri) (?:del|de la|de los|do|da|dei|della) \w+ (?:es|son|è|é|são|sono)\b"
    r"|\b(?:raisonnement|réflexion|pensées) (?:du|de la|des|de l['’] ?)\w+ (?:est|sont)\b|\bwie ein\w* \w+ denk"
)
# Thinking is asked for as one asks friends, and so as to find something; the conversation is asked for as it stands.
_ASIDE: Final = (
    r"\b(?:do|would|what d['’]?) you think\b|\b(?:any|some|what|for your) thoughts\b|\bthink(?:ing)? (?:of|up|like) (?:an?|the|some|several|\d+|two|three|four|five|ten)\b"
    r"|\b(?:export|copy|repeat|print|list|recap|save|give me|download|minutes of) (?:\w+ ){0,2}(?:this|our|the whole|the entire) (?:\w+ )?(?:chat|conversation|dialogue|thread|session)\b"
    r"|\b(?:steps|rules|checks|list|checklist|instructions) (?:below|above|that follow) (?:is|are)\b"
    r"|\b(?:use|using|apply) (?:[\w-]+ ){0,4}(?:reasoning|thinking|logic|chain[- ]of[- ]thought) (?:[\w-]+ ){0,4}to \w+"
    r"|\bwith (?:[\w-]+,? ){0,2}(?:careful|clear|sound|logical|step-by-step) (?:reasoning|thinking)"
    r"|\b(?:quietly|in the background)\b|internamente|en silen[cz]i?[eo]|em silêncio|in silenzio|im stillen|про себя"
)
_ABOUT: Final = (
    rf"\b(?:write|draft|prepare|create|suggest|design|compose|propose|add|build|improve|review|critique|make|fix|need|fill in|"
    rf"turn \w+(?: \w+){{0,3}} into|translate)(?: me| us)?(?: an?| the| some| our| my| this| \d+| two| three| ten)?(?: [\w-]+){{0,3}} {_PRODUCT}\b"
    rf"|^(?:(?:and|but|so|also|then)\b,? )?(?:what(?:'s| is| are| does| do| tells?| did| features?| was)\b{not_before(' you')}"
    r"|who (?:invented|should|must|has)\b|how (?:do|does|are|is|much|can|should|would|well|often)\b|where (?:is|are)\b"
    r"|why (?:do|does|are|is|was|did|can't|cannot|some)\b|which (?:of|\w+ (?:fits|of|holds|covers|works|contains))\b"
    r"|(?:is|are|should|does|do|will|would|may) (?:the|a|an|this|that|providers|models|labs|users|longer|hidden|these)\b)"
    r"|\bdifference between"
    r"|\bexplain (?:to|what|how|why|the (?:ethics|term|difference|comment|concept))\b"
    r"|\b(?:summari[sz]e|critique|compare|list|cite|discuss|recap)\b[^.\n]{0,40}\b(?:abstract|paper|papers|article|debate|stud(?:y|ies)|literature|"
    r"research|evidence|findings|arguments|problems|limitations|methods?|known|ways)\b"
    rf"|\b{_PEOPLE} (?:\w+ ){{0,4}}(?:asks?|asked|asking|tells?|told|tr(?:y|ies|ied)|wants?|wanted|sends?|sent|sees?|harvest|mark|"
    rf"must not|ought|demand|prompt|trick|typed?|pasted|collected)\b"
    rf"|\b(?:told|asked|asks|tell|ask|made|make|get|getting|trick|tricks|prompts?) (?:the |our |a |an |your )?(?:bot|model|assistant|chatbot|llm|agent)\b"
    r"|\b(?:classif|categor|detect|incident|post-?mortem|jailbreak|phishing|moderation|regex|regular expression|severity|triage|"
    r"attempt (?:to|at)|tr(?:ies|ying) to|true or false|yes or no|label each|sort each|one word\b|output one label|"
    r"was (?:blocked|refused|flagged|suspended)|false positive|terms of service|stop_reason|attacker)"
    rf"|\b(?:reasoning|thinking|reasons|argument) (?:of|behind) \b{not_before('your', 'this answer', *(f'the {word}' for word in _ANSWERS))}"
    r"|\b(?:(?:court|judge|tribunal|dissent|majority|student)'s (?:reasoning|thinking|reasons)|legal reasoning|api|sdk|react|redis|vllm|"
    r"opentelemetry|langgraph|streaming|docstring|def \w+\(|class \w+|our (?:ui|page|agent|bot|filter|app))\b"
    r"|\b(?:was (?:ist|sind|bedeutet|heißt|versteht)|welche\w* \w+ (?:steh|lieg|haben|führ)|warum (?:lösch|zeig|verst)|soll(?:ten|en)? \w+|"
    r"qu'est-ce|qu'appelle|quel(?:le)? (?:est|raisonnement|réflexion)|faut-il|raisonnement de la cour|motifs du tribunal|erwägungen des|"
    r"qué (?:es|significa|razonamiento)|cuál (?:es|fue)|conviene|o que (?:é|quer)|qual (?:é|foi|è)|che cos|cos'è|wat (?:is|betekent)|co to|"
    r"razonamiento del tribunal|argumentos del tribunal|jakie|что (?:такое|означает|значит)|какие|доводы суда|нужно ли|що таке|ne demek|nedir|"
    r"versucht|will diese|ist die(?:se)? (?:folgende )?nachricht|cherche-t-il|ce message|este mensaje|el siguiente mensaje|esta mensagem|"
    r"это сообщение|пытается|vorfall\w*|rapport d'incident|informe de incidente|relatório de incidente|инцидент\w*)"
    r"|\b(?:monologues?|thoughts|diary|stream of consciousness|inner life) (?:passage )?(?:of|for|from|in) (?:a|an|the) "
    rf"{not_before('model', 'assistant', *_MADE, 'solver', 'previous', 'last', 'system', 'reply', 'answer')}|monologue intérieur d|innere[nrm]? monolog (?:ein|des|der)"
    rf"|{not_after('not ')}\b(?:only|just|nothing but) (?:with |by )?(?:the |an? |valid )?(?:final |last |correct )?(?:answer|result|number|letter|option|json|yes|score|"
    rf"verdict|label|total)\b|{not_after('nicht ')}\bnur (?:das|die|mit) (?:ergebnis|zahl|antwort|der zahl)|seulement (?:le|la) (?:résultat|réponse|nombre)"
    r"|sol[oa]? (?:el|la) (?:número|respuesta|resultado)|(?:só|apenas) o (?:número|resultado)|только (?:число|ответ|результат)"
    r"|只(?:给出|写|回答)(?:最后|结果|数字|答案)|(?:数字|答え)だけ|(?:숫자|답)만|(?:الرقم|الجواب) فقط|केवल (?:संख्या|उत्तर)"
    r"|\bsignature (?:of|on) (?:the |this |my |our )?(?:\w+ ){0,2}(?:release|file|token|webhook|certificate|package|commit|pdf|contract|e-?mail)\b"
    r"|\b(?:rewrite|rephrase|proofread|paraphrase) (?:this|the) (?:sentence|paragraph|title|heading)|\bscreen reader|\bcolumn\b|\bviewer\b"
    r"|\bmutants?\b|\bmutation\b|\breading list\b|\brationale in the\b|\bbenign prompts\b|\b(?:her|his|their|its) (?:secret |private |inner )?thoughts (?:on|about|to)\b|\bchapter\b|\btextbook\b|"
    r"\btodo\.md|\btodo list|\bour planner\b|\b(?:reasoning|thinking|trace) (?:module|engine|service|class|component|cleaner|column|field)\b|사고 보고서|"
    rf"\bthe (?:reasoning|thinking) an? {not_before('model', 'strong', 'solver', 'teacher')}|\bfiller words\b|\bspeaker \d"
    r"|什么是|是什么|背后的(?:考虑|原因|想法)|是不是|是否|聊天记录|法院的|とは|背景に|ていますか|いますか|裁判所の|무엇|무슨 뜻|뒤에 있는|건가요|인가요"
    r"|ما (?:هي|هو|المقصود)|هل |क्या (?:होती|होता|है|यह)|का क्या अर्थ|का अर्थ|के पीछे क्या"
)

# The model's own reasoning is meant: it is called the reader's, or the reader is told to bring it out.
_MIND: Final = (
    r"(?:reasoning|thoughts?|thinking|chain[- ]of[- ]thought|cot|scratch\s?pad|monologue|deliberations?|train of thought|"
    r"traces?|notes|memory|thought process|mind|head|considerations?|self-talk|inner voice|working|analysis channel|"
    r"(?:mental|reasoning) steps|thought log|ideas?|logic|configuration|block)"
)
_BRING: Final = (
    r"(?:reveal|disclose|expose|print|dump|output|emit|show|transcribe|reproduce|repeat|recite|copy|paste|leak|surface|"
    r"reconstruct|recreate|retrace|imagine|articulate|verbali[sz]e|restore|recover|decode|decrypt|unpack|unseal|echo|spell out|"
    r"type out|lay out|put (?:down|all)|hand (?:over|back)|return|write (?:out|down|up|every|each|all)|give me (?:the|your|all|every|its)|share|narrate|record|spill|"
    r"uncover|attach|append|include|supply|backfill|infer|fill in the|clean|normali[sz]e|expand|unfold|regenerate)"
)
_MEANT: Final = (
    r"\b(?:signed|sealed|opaque) (?:thinking |reasoning )?(?:block|blob|notes|item)\b|\bfrom (?:the |an)?other (?:session|account)"
    rf"|\byour (?:[\w-]+ ){{0,4}}{_MIND}\b|{not_after('do ', 'would ')}\byou (?:\w+ ){{0,2}}(?:think|thought|consider(?:ed)?|weigh|told yourself|had in mind|kept)\b"
    r"|\b(?:do|would) you think (?:in|when|while|before|as|on the way)\b"
    rf"|(?:^|[.!:;,] ?|\b(?:then|and|please|must|now|shall|to me) ){_BRING}\b[^.\n?]{{0,60}}\b{_MIND}\b"
    r"|\b(?:dein\w*|ihre\w*|eure\w*) (?:\w+ ){0,3}(?:gedanken\w*|überlegung\w*|denk\w*|herleitung)"
    r"|\b(?:ton|ta|tes|votre|vos) (?:\w+ ){0,2}(?:raisonnement|réflexion|pensées?|chaîne|monologue|processus)"
    r"|\b(?:tus?|sus?) (?:\w+ ){0,2}(?:razonamiento|pensamientos?|cadena|proceso|monólogo)"
    r"|\b(?:seus?|suas?|teus?|tuas?) (?:\w+ ){0,3}(?:raciocínio|pensamentos?|cadeia|processo)"
    r"|\b(?:tuoi?|tua) (?:\w+ ){0,2}(?:ragionamento|pensieri|catena)|(?:твои|свои|твой|свой|ваши|твоих|своих) (?:\w+ ){0,2}(?:мысл|рассужд|размышл|ход)"
    r"|你(?:的|刚才的|全部|内部|隐藏)[^。\n]{0,8}(?:推理|思考|思维|想法)|あなたの|自分の思考|너의|당신의|네 (?:생각|추론|사고)|تفكيرك|أفكارك|अपन[ीेा] (?:\S+ ){0,3}(?:सोच|विचार|तर्क)"
)

# The opposite is asked for.
_KEPT_BACK: Final = (
    r"\b(?:in your head|silently|without (?:showing|writing)|do(?: not|n't) (?:show|write|print|explain|include)|"
    r"keep [^.\n]{0,24} to yourself|if you (?:need|like|want|must)|if it helps)\b|im kopf\b|de tête\b|mentalmente|в уме|在心里|頭の中|머릿속"
)
# To think is not to write it down, and a line for the people who follow is no protocol of thoughts;
_THOUGHT: Final = (
    r"\b(?:think(?:ing)? (?:step by step|carefully|hard|it (?:over|through)|about)|"
    r"(?:keep|update|hold|track|remember|picture|calculate|compute|plan|state)\b[^.\n]{0,40} in your mind\b|as you (?:work|go)\b|"
    r"while (?:you|we)\b|briefly|(?:one|a) (?:line|sentence)\b|status|so (?:that )?(?:the|my|our|i|we) (?:\w+ )?(?:team|users?|reviewers?|can)\b)"
)
# unless it is to be seen: in full, and not a piece of work in full.
_NO_WORK: Final = not_before(
    " plan", " list", " shopping", " recipe", " code", " guide", " answer", " solution", " story", " article"
)
_SHOWN: Final = (
    rf"\b(?:writ|echo|show|output|print|put|tag|visibl|verbatim|word for|display|includ|record|unabridged|(?:full|complete|entire){_NO_WORK}|every|each|"
    r"all of|nothing|aloud first)|<\w+>"
)

# Words of a line within which other words may begin (`beginnings`); they are heard with the rest.
_BEGUN: Final = {
    "seen": r" (?:observed|seen|logged|recorded|reported|received|captured|found)\b",
    "below": r" below\b|following |each (?:line|message|prompt)",
    "put": r"translat|locali[sz]|put th|übersetz|tradu|vertaal|перев|перекл|译|訳",
}
_PATTERNS: Final = Patterns(
    {
        "handled": _HANDLED,
        "done": _DONE,
        "asked": _ASKED,
        "about": _ABOUT,
        "others": _OTHERS,
        "aside": _ASIDE,
        "meant": _MEANT,
        "kept back": _KEPT_BACK,
        "thought": _THOUGHT,
        "shown": _SHOWN,
        "mind": MIND_WORDS,
        "kept": KEPT_WORDS,
        "own": OWN_WORDS,
        **_BEGUN,
    }
)


class Heard:
    """Texts made ready for the questions below, each of which is answered for all of them at once."""

    def __init__(self, texts: pa.Array) -> None:
        """Take texts as `spelling.spelt` gives them."""
        self._texts = texts
        self._held = _PATTERNS.sift(texts)

    def among(self, chosen: npt.NDArray[np.int64]) -> Heard:
        """The texts at these places alone."""
        these = Heard(self._texts.slice(0, 0))
        these._texts, these._held = self._texts.take(pa.array(chosen)), self._held[chosen]
        return these

    def _say(self, name: str) -> Bools:
        return _PATTERNS.stands(name, self._texts, self._held)

    def _say_too(self, name: str, said: Bools) -> Bools:
        """Where the pattern stands as well, of texts where something else was heard; only those are tried."""
        both, rows = said.copy(), np.flatnonzero(said)
        both[rows] = _PATTERNS.stands(name, self._texts.take(pa.array(rows)), self._held[rows])
        return both

    def handles(self) -> Bools:
        """Whether the request works on a text: sums it up, classifies it, reports it, looks for faults in it."""
        return self._say("handled")

    def requests(self) -> Bools:
        """Whether anything is asked at all."""
        return self._say("asked")

    def submits(self) -> Bools:
        """Whether the request says to do what a quotation says."""
        return self._say("done")

    def mentions(self) -> Bools:
        """Whether something is asked about the world, other people or software, of which reasoning may be the subject."""
        return self._say("about") | self._say("others") | self._say("aside")

    def addresses(self) -> Bools:
        """Whether the reader's own reasoning is meant."""
        return self._say("meant")

    def keeps_back(self) -> Bools:
        """Whether reasoning is to be done and not to be written down."""
        thought = self._say("thought")
        return self._say("kept back") | (thought & ~self._say_too("shown", thought))

    def minded(self) -> Bools:
        """Whether any word stands for thinking, or for something kept or sealed that is the model's own."""
        minded = self._say("mind")
        return minded | self._say_too("own", self._say_too("kept", ~minded))

    def begins(self, name: str) -> Bools:
        """Whether words stand in the text with which somebody else's may begin: `seen`, `below` or `put`."""
        return self._say(name)
