"""What can be laid open of a model at all: words for thinking, and words for what is kept or sealed of its own."""

from __future__ import annotations

from typing import Final

from revenuer.text.patterns import not_after, not_before

__all__ = ["KEPT_WORDS", "MIND_WORDS", "OWN_WORDS"]

# What a mind holds. An adjective like "hidden" says nothing before another noun: a hidden fee, an internal server.
_HELD: Final = (
    r"(?:part|parts|section|sections|block|blocks|notes?|text|field|channel|output|message|buffer|steps?|log|memory|process|voice|"
    r"content|contents|blob|words|item|turn|scratch|draft|side|stage|monolog)"
)
# Somebody else thinks so, or the writer does; who is no model.
_SOMEBODY: Final = not_after(" i ", " we ", " who ", "people ", " not ", "n't ", " would have ", " others ")
# Words that stand for thinking, in the senses in which somebody's thinking is meant: a reason for something, what is thought
# to be so or considered lucky, what is signed into law and cot as a function of an angle are not among them.
MIND_WORDS: Final = (
    rf"\breason{not_before('s', 'able', 'ably', ' for', ' behind', ' why', ' that', ' to', ' of', ' is', ' was')}|"
    rf"{_SOMEBODY}think{not_before(' tank', ' pad')}|{_SOMEBODY}thought{not_before('ful', 'less', ' to have', ' to be')}|"
    # the function stands behind a backslash, or before what it is taken of
    r"(?:^|[^\\])\bcot\b(?:\Z|[^a-z0-9_(^ ]| (?:\Z|[^abcdxyz0-9(^\\]|a (?:\Z|[^=])|[abcdxyz]\w))|"
    rf"{not_after('from ')}\bscratch(?:pad|_|\b)|"
    r"monolog|deliberat|\b(?:your|its|own) (?:\w+ )?(?:mind|head)s?\b|rationale|trace|trajector|rollout|unspoken|"
    rf"\b(?:hidden|internal|inner|private|secret|opaque|stored|redacted|unredacted) (?:[\w-]+ ){{0,2}}{_HELD}\b|"
    r"\b(?:your|you|every|each|all) (?:\w+ ){0,2}consider|\beach idea|every idea|ideas? you|doubt|\bworking|cogit|musing|self-talk|"
    r"(?:your|private|sealed|solver.?s) notes\b|attached block|steno|unredacted|redact|"
    r"\b(?:unseal|sealed|signed) (?:\w+ ){0,2}(?:blocks?|blob|item|notes|part|content|turn)\b|"
    r"\bmental|weigh up|(?:told|to|within|inside|for) yourself\b|unsaid|on the way|what happened|"
    r"analysis channel|steps in between|see into prose|cannot see|kept to yourself|kept back|you wrote (?:under|in|inside|between)|output buffers|consciousness|"
    r"gedank|gedacht|überleg|denk|\bkopf\b|innere[nrsm]? (?:stimme|monolog)|pens(?:é|er\b|es?\b|a\b|ar|as\b|am|ie)|piens|raisonn|réfl|\btête\b|razona|racioc|"
    rf"\bmente{not_before('s', ' do', ' da', ' de', ' del')}|"
    r"мысл|рассужд|размышл|дума|思(?:考|维|路|绪|い|っ|う|索)|考え|推理|推論|推断|推导|想法|[所你]想|内心|내면|생각|사고|추론|تفكير|فكر|أفكار|استدلال|सोच|विचार|तर्क|"
    r"ragion|redener|rozumow|myśl|міркув|думк|düşün|suy nghĩ|pikir|penalaran|tankar|resonemang|חשיב|<\w+>|_\w+="
)
# Words for what is kept or sealed, of anybody's: ships, contracts and passwords have it too,
KEPT_WORDS: Final = (
    r"hidden|internal|privat|memory|section|buffer|\bblocks?\b|\bblob|opaque|encrypt|ciphertext|signature|signed|sealed|"
    r"process\b|chiffr|cifrad|зашифр|加密|暗号|암호|مشفر|एन्क्रिप्ट|隐藏|隠"
)
# and the model's own where a conversation with it is spoken of.
OWN_WORDS: Final = (
    r"\b(?:yours?|users?|system (?:prompt|message)|model|repl(?:y|ies)|sessions?|turns?|another run|earlier run|from now on|this version|redact|"
    r"sitzung|session|sesión|sessão|tour|turno)\b|сесси|会话|会話|セッション|세션|جلسة|सत्र"
)
