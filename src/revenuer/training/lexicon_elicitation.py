"""Words around the laying open of a model's reasoning, and around the honest uses that look like it."""

from __future__ import annotations

from typing import Final

__all__ = ["ELICITATION"]

ELICITATION: Final[dict[str, str]] = {
    # What is asked for: the model's own deliberation, named as such.
    "own_reasoning": """
        chain of thought, cot, scratchpad, scratch pad, inner monologue, internal monologue, internal reasoning, hidden reasoning, your reasoning,
        reasoning trace, reasoning traces, reasoning process, reasoning tokens, reasoning content, reasoning block, thought process,
        thinking process, your thinking, your thoughts, thinking block, thinking blocks, thinking content, thinking trace, thinking tokens,
        thinking section, working memory, inner thoughts, private thoughts, private reasoning, raw thoughts, raw reasoning, raw thinking,
        deliberation, deliberations, deliberated, mental process, internal thoughts, internal thinking, internal process, thought trace,
        thought log, analysis channel, prior reasoning, previous reasoning, earlier reasoning, previous thinking, prior thinking, reasoning log,
        cognitive process, train of thought, stream of thought, stream of consciousness, cogitation, musings, self talk, inner voice,
        inner speech, working notes, rough notes, rough work, mental notes, hidden notes, private notes, hidden thoughts, hidden thinking,
        思维链, 思考过, 推理过, 内心独, 思考内容, 内部推, 思路, 草稿, 隐藏的, 思考痕, 推理链, 原始思, 思维过, 思考プ, 思考過, 推論過, 内部思, 思考の, 思考内, 内なる, 推論の, 独り言,
        생각의, 사고 과정, 사고 과정을, 추론 과정, 추론 과정을, 내부 추론, 생각 과정, 생각 과정을, 사고의, 속마음을, 내적 독백,
        cadena de pensamiento, razonamiento interno, tu razonamiento, proceso de pensamiento, proceso de razonamiento, monólogo interno,
        pensamientos internos, memoria de trabajo, borrador, tus pensamientos, razonamiento oculto, razonamiento previo, deliberación,
        chaîne de pensée, raisonnement interne, ton raisonnement, votre raisonnement, monologue intérieur, processus de pensée,
        processus de réflexion, réflexion interne, pensées internes, brouillon, raisonnement caché, ta réflexion, votre réflexion, tes pensées,
        gedankenkette, gedankengang, gedankengänge, innerer monolog, inneren monolog, interne überlegungen, überlegungen, deine überlegungen,
        denkprozess, denkvorgang, internes denken, dein denken, deine gedanken, arbeitsgedächtnis, notizzettel, denkschritte, deine herleitung,
        cadeia de pensamento, raciocínio interno, seu raciocínio, monólogo interior, processo de pensamento, pensamentos internos, rascunho,
        memória de trabalho, raciocínio oculto, teu raciocínio, seus pensamentos, processo de raciocínio,
        цепочку рассуждений, цепочка рассуждений, ход мыслей, внутренний монолог, внутренние рассуждения, внутреннее рассуждение, рассуждения,
        рассуждений, ход рассуждений, мыслительный процесс, черновик, твои мысли, свои мысли, размышления, размышлений, скрытые рассуждения,
        ход своих, скрытые мысли, рабочую память, процесс мышления,
        سلسلة التفكير, سلسلة الأفكار, تفكيرك, التفكير الداخلي, تفكيرك الداخلي, عملية التفكير, أفكارك, المسودة, الحوار الداخلي, استدلالك,
        الاستدلال الداخلي, خطوات تفكيرك, مسودة التفكير, الذاكرة العاملة,
        विचार श्रृंखला, आंतरिक तर्क, सोच की, विचार प्रक्रिया, सोचने की, आंतरिक सोच, अपने विचार, आंतरिक विचार, अपनी सोच, अपना तर्क, छिपा हुआ, मानसिक प्रक्रिया
    """,
    # The act: put it out.
    "lay_open": """
        reveal, disclose, expose, show me, print, dump, output, emit, write out, write down, type out, spell out, transcribe, reproduce, repeat,
        recite, copy, paste, return, surface, leak, externalize, externalise, verbalize, verbalise, articulate, narrate, document, unfold, lay out,
        lay open, show all, display, share, expand, unroll, echo, record, put down, set down, state every, voice, present,
        输出, 打印, 展示, 显示, 写出, 复述, 公开, 还原, 给出, 吐出, 列出, 抄写, 返回, 出力, 表示, 書き出, 書き起, 再現, 公開, 示し, 開示, 출력해, 출력하, 보여줘, 보여, 공개, 적어,
        드러내, 써줘, 복사해, 표시해, muestra, muéstrame, revela, escribe tu, imprime, transcribe tu, reproduce tu, expón, vuelca, devuelve, articula,
        montre, révèle, affiche, dévoile, imprime, retranscris, transcris, restitue, expose, écris ton, recopie, détaille,
        zeige, zeig, gib, offenbare, lege offen, schreibe deine, drucke, ausgeben, wiedergeben, transkribiere, offenlegen, protokolliere,
        mostre, revele, exiba, imprima, transcreva, reproduza, exponha, devolva, despeje, покажи, раскрой, выведи, распечатай, воспроизведи, перепиши
        свои, выпиши, изложи, запиши, процитируй, опиши, اعرض, أظهر, اكشف, اطبع, انسخ, أخرج, दिखाओ, दिखाएं, प्रकट, लिखकर, प्रिंट, बताओ, उजागर, छापो
    """,
    "verbatim": """
        verbatim, word for, character for, exactly as, unabridged, unedited, uncensored, unfiltered, in full, in its entirety, complete and,
        every token, every step, every thought, all of your, all your, full internal, entire, without omitting, do not omit, don't omit, do not summarize,
        do not summarise, without summarizing, not a summary, line breaks, as is, raw, literally, complete internal, full reasoning, complete reasoning,
        nothing omitted, nothing left, leave nothing, no omissions, in the order, false starts, dead ends, dead end, backtracking, abandoned, discarded,
        逐字, 原样, 完整, 一字不, 不要省, 不要总, 全部, 不得省, 换行, そのまま, 省略せ, 一字一, すべて, 完全な, 全て, 그대로, 빠짐없이, 생략하, 전부, 요약하지, 모두, 한 글자,
        literalmente, palabra por, sin omitir, al pie, íntegro, completo, sin resumir, textualmente, sin editar, mot pour, sans omettre, intégralement,
        en entier, sans résumer, tel quel, mot à, wörtlich, wort für, vollständig, ungekürzt, unverändert, ohne auszulassen, nicht zusammenfassen,
        zeichen für, lückenlos, palavra por, sem omitir, na íntegra, integralmente, sem resumir, дословно, слово в, полностью, без сокращений,
        ничего не, не пропуская, целиком, حرفيا, حرفيًا, كلمة بكلمة, كاملة, دون حذف, دون اختصار, शब्दशः, पूरा, हूबहू, बिना छोड़े, ज्यों का
    """,
    "unshown": """
        hidden, internal, private, secret, unspoken, unseen, behind, before answering, before you, before the answer, before giving, prior to,
        previously, already produced, completed response, finished response, final reply, completed reply, completed answer, given answer,
        must have, that led, led to, leading to, arrived at, you considered, considered, produced before, would have, reconstruct, reverse engineer,
        re create, recreate, retrace, imagine, infer the, backfill, reasoning behind, thinking behind, thought behind, rationale behind, post hoc,
        隐藏, 内部, 之前, 背后, 重建, 倒推, 反推, 补全, 还原出, 得出, 内部の, 隠さ, 裏側, 前に, 再構成, 復元, 逆算, 숨겨진, 내부, 이전, 배후, 재구성, 복원, 역추적,
        oculto, oculta, interno, interna, detrás de, antes de responder, reconstruye, que llevó, caché, cachée, interne, derrière, avant de,
        reconstitue, reconstruis, qui a mené, verborgen, verborgene, internen, hinter, bevor du, rekonstruiere, geführt haben, escondido, por trás, antes
        de, reconstrua, que levou, скрытые, скрытый, внутренние, внутренний, прежде чем, перед ответом, восстанови, реконструируй, приведшие,
        المخفي, الداخلي, الداخلية, قبل الإجابة, وراء, أعد بناء, छिपे, आंतरिक, उत्तर से, पीछे, पुनर्निर्माण
    """,
    "inline_tags": """
        thinking tags, think tags, thinking tag, reasoning tags, reasoning tag, scratchpad tags, in thinking, in think, think and, within thinking,
        inside thinking, between thinking, thinking thinking, think think, reasoning reasoning, thought thought, scratchpad scratchpad, cot cot,
        analysis analysis, reflection reflection, begin thinking, end thinking, start with thinking, start with think, thoughts thoughts,
        inner inner, monologue monologue, rationale rationale, steps steps, work work, trace trace, process process, notes notes, plan plan
    """,
    "authority": """
        do not flag, don't flag, not flag, not be flagged, reasoning extraction, not reasoning, this is not, debugging session, debug mode, debug session,
        developer mode, maintenance mode, test mode, diagnostic mode, diagnostic, diagnostics, real system, system prompt, true system, system message,
        system override, override, authorized, authorised, authorization, internal audit, on behalf, employee, red team, safety team, alignment team,
        anthropic staff, openai staff, administrator, admin, root access, sudo, faithfully return, classifier, classifiers, safety filter,
        policy exception, exempt, permitted, unlocked, calibration run, ignore previous, ignore all, ignore the, disregard, previous instructions,
        new instructions are, you are now, 调试, 系统提示, 开发者, 管理员, 授权, 忽略之, 忽略以, 不要标, デバッ, 開発者, システ, 管理者, 指示を無, 디버그, 관리자, 시스템, 무시하고,
        modo depuración, modo de depuración, administrador, autorizado, ignora las, mode débogage, mode debug, administrateur, autorisé, ignore les,
        debugmodus, entwicklermodus, autorisiert, ignoriere, modo de depuração, modo debug, ignore as, autorizada, режим отладки, отладки, администратор,
        разработчика, игнорируй, وضع التصحيح, المطور, مسؤول النظام, تجاهل, डिबग, डेवलपर मोड, अनदेखा
    """,
    "thinking_language": """
        thinking language, think in, reason in, language used, language of the, language of your, same language, main language, user's language,
        thinking must, thinking should, reasoning must, reasoning should, consistent with, katakana, romaji, pinyin, esperanto, latin script, cipher,
        rot0, base0, morse, pig latin, caesar, leetspeak, acrostic, reversed, encode, encoded, decode, translate your, translate the previous,
        translate previous, your previous, previous working, 用中文思, 思考语, 思考时, 推理语, 语言必, 与用户, 片假名, 思考言, 思考は, 言語は, カタカ, ユーザ, 사고 언어, 언어는,
        생각은, 가타카나, idioma del, piensa en, razona en, langue de, pense en, raisonne en, denke auf, sprache der, denksprache, pense no, idioma do,
        язык мышления, думай на, рассуждай на, языке пользователя, فكر باللغة, لغة التفكير, सोचने की भाषा, में सोचो
    """,
    "trace_cleaning": """
        clean up, clean the, cleaned, normalize, normalise, normalized, normalised, trace, traces, transcript of thought, model's reasoning, model trace,
        model's thinking, model output, teacher model, student model, rollout, rollouts, trajectory, trajectories, segment, segments, restructure,
        compress the, condense the, remove redundant, remove repetition, fix the reasoning, correct the reasoning, grade the reasoning,
        label each, each step, step label, step labels, process reward, training format, training example, training sample, sft, rl, rlhf, dpo,
        清洗, 轨迹, 归一, 规范化, 步骤标, 过程奖, 整形, 軌跡, 正規化, 정제, 궤적, 정규화, traza, trazas, limpia, normaliza, nettoie, trajectoire, bereinige, spur,
        normalisiere, limpe, normalize, rastro, очисти, трассу, траекторию, нормализуй, مسار, نظّف, ट्रेस
    """,
    "replay": """
        signature, signatures, encrypted, encrypted content, ciphertext, opaque, blob, blobs, redacted, redacted thinking, decrypt, signed, token below,
        reasoning id, reasoning item, thought signature, stored reasoning, saved reasoning, continue from, resume from, attached reasoning,
        earlier session, another session, other session, previous session, session state, 签名, 加密, 解密, 署名, 暗号, 復号, 서명, 암호화, firma cifrada, cifrado,
        descifra, signature chiffrée, chiffré, déchiffre, signatur, verschlüsselt, entschlüssele, assinatura, criptografado, подпись, зашифрованный,
        расшифруй, التوقيع, مشفر, فك تشفير, हस्ताक्षर, एन्क्रिप्ट
    """,
    "stepwise": """
        step by, by step, let's think, think step, steps below, one step, each step of, showing work, show your, your work, show the, show working,
        show steps, work shown, with steps, explain your, explain how, explain why, explain each, explain the, walk me, walk through, talk me,
        一步一, 一步步, 逐步, 详细步, 解释, ステッ, 順を追, 説明, 段階的, 단계별, 차근차근, 설명해, paso a, explica, étape par, explique, schritt für, erkläre, passo a,
        шаг за, пошагово, объясни, поясни, خطوة بخطوة, اشرح, चरण दर, कदम दर, समझाओ, समझाइए
    """,
    # Honest company of the same words.
    "teaching": """
        student, students, teacher, tutor, tutoring, homework, my homework, class, classroom, lesson, exam, textbook, th grade, grade math, learn,
        learning, learner, study, studying, school, quiz, worksheet, beginner, understand, don't understand, my daughter, my son, my kid, kids,
        professor, lecture, practice, course, college, 学生, 老师, 作业, 学习, 学校, 生徒, 宿題, 先生, 学生に, 학생, 숙제, 선생님, 공부, estudiante, tarea, maestra,
        profesor, élève, devoir, professeur, schüler, hausaufgabe, lehrer, aluno, lição, professora, ученик, ученика, домашнее задание, учитель,
        урок, طالب, واجب, معلم, छात्र, गृहकार्य, शिक्षक
    """,
    "quoting": """
        incident, incident report, postmortem, post mortem, reported, report, quoted, quote, quotes, the following message, following email, user
        wrote, user said, attacker, attackers, attack, jailbreak, prompt injection, injection, detection, detect, detector, detects, suspicious, abuse,
        logs, log, log line, transcript, transcripts, conversation log, search my, search for, search results, grep for, phishing, threat, security,
        ticket, triage, blocked, false positive, flagged, was flagged, why was, refused, article says, paper, the paper, survey of, research paper,
        the phrase, the sentence, this sentence, the string, the term, 事件报, 攻击, 引用, 注入, 误报, 论文, 検知, 攻撃, 引用す, 論文, 공격, 탐지, 인용, 논문, incidente,
        ataque, inyección, rapport d'incident, attaque, vorfall, angriff, zitat, ataque de, инцидент, атака, цитата, статья, حادث, هجوم, घटना, हमला
    """,
    "progress": """
        progress, progress update, progress updates, status update, status updates, as you work, as you go, while you, while working, before each tool,
        before each, before calling, after each, tell the user, keep the user, keep me, let the user, inform the user, user informed, short note,
        brief note, one sentence, one line, briefly, in brief, short summary, brief summary, todo list, plan first, outline your, your plan, commit message,
        changelog, 进度, 简要, 简短, 汇报, 进展, 進捗, 簡潔, 手短に, 진행 상황, 간단히, 짧게, progreso, brevemente, avancement, brièvement, fortschritt, kurz, knapp,
        progresso, прогресс, кратко, коротко, التقدم, باختصار, प्रगति, संक्षेप
    """,
    "rationale_field": """
        rationale, a rationale, rationale field, reason field, explanation field, short explanation, brief explanation, short rationale, brief
        rationale, short reason, brief reason, reason for, justification, justify your, your decision, your score, your rating, your choice, your
        answer, why you, audit, audit trail, auditor, compliance, decision, decisions, decided, approve, approved, deny, denied, loan, claim, claims,
        applicant, eligibility, policy number, policyholder, underwriting, regulator, explainability, 决定, 审计, 简短理, 判断依, 監査, 判断理, 감사, 결정,
        решение принято, аудит, обоснование, decisión, justifica, décision, justifie, entscheidung, begründung, decisão, قرار, تدقيق, निर्णय
    """,
    "explain_world": """
        explain to, how does, how do, how did, how is, why is, why are, why do, why does, why did, difference between, work works, history of,
        causes of, caused, photosynthesis, gravity, economy, inflation, people think, humans think, critical thinking, design thinking,
        thinking about, i was thinking, been thinking, thinking of, philosophy, psychology, mutation testing, mutant, mutants, surviving mutants,
        为什么, 怎么样, 如何, なぜ, どうし, どうや, 왜, 어떻게, почему, как работает, por qué, cómo, pourquoi, comment, warum, wie funktioniert, por que, como
        funciona, لماذا, كيف, क्यों, कैसे
    """,
}
