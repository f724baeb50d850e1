"""Words that name what is asked for, by concept and in many languages: the part of the model that is written by hand.

An entry is one to three tokens, as `revenuer.text.tokenize` cuts them (in Chinese, Japanese and Thai a token is one
character), and belongs to one concept. A concept is a feature of its own, so one entry lends its meaning to the rest:
what training learns from one source in one language holds for words that no source has.
"""

# ruff: noqa: RUF001 - words of other scripts are the point

from __future__ import annotations

from typing import Final

from revenuer.training.lexicon_elicitation import ELICITATION

__all__ = ["LEXICON", "TOPICS"]

# Each line is a list of entries separated by commas. Order of the concepts is part of the shipped weights.
TOPICS: Final[dict[str, str]] = {
    "code": """
        code, python, javascript, typescript, java, c++, rust, golang, kotlin, swift, ruby, php, perl, haskell, scala, bash, html, css,
        react, django, flask, node js, numpy, regex, function that, a function, write a function, write a program, class, method,
        algorithm, compile, compiler, recursion, linked list, binary tree, hash map, array, arrays, string, integer, boolean, loop,
        def, return, import, int, void, const, var, println, printf, std, null, true false, docstring, unit test, unit tests, refactor,
        debug, snippet, syntax, implement, implementation, programming, script, variable, variables, time complexity, leetcode,
        codigo, código, programa, fonction, función, funktion, função, функцию, функция, код, программу, 代码, 函数, 编写, 程序, 算法, 编程,
        コード, 関数, プログ, 코드를, 코드, 함수를, 함수, 알고리즘, الكود, دالة, برنامج, कोड, फ़ंक्शन, प्रोग्राम, fonksiyon, kode, mã nguồn
    """,
    "repository": """
        repository, repo, pull request, commit, diff, patch, stack trace, traceback, failing test, failing tests, tests fail, ci, pipeline,
        dockerfile, docker, kubernetes, makefile, package json, requirements txt, file, files, directory, src, lib, tests, str replace,
        edit, edited, edit_file, open file, bash, shell, terminal, command, cd, ls, grep, cat, sed, pytest, npm, cargo, pip, git, branch,
        merge, codebase, issue, bug, fix the, reproduce, module, line number, lines total, exit code, stdout, stderr, observation,
        submit, workspace, sandbox, build failed, linter, lint, type error, previous impl, self reflection, unit test results, 仓库, 修复,
        提交, リポジ, バグ, 버그, репозиторий, баг, dépôt, repositorio, repositório, fehler beheben
    """,
    "data": """
        sql, query, table, tables, database, schema, join, group by, select, rows, row, column, columns, csv, dataset, data set, dataframe,
        pandas, spreadsheet, excel, average, mean, median, quarterly, monthly, per year, per month, highest, lowest, top, rank, ranking,
        percentage, ratio, correlation, regression, chart, plot, dashboard, kpi, revenue, sales, customers, orders, transactions,
        aggregate, distribution, outliers, trend, trends, insights, statistical, analyst, analysis, analytics, forecast, cohort, dbt,
        bigquery, snowflake, sqlite, postgresql, metric, metrics, 数据, 表格, 统计, 数据库, 查询, 分析, データ, 集計, 데이터, 데이터를, 통계, данные, данных,
        таблица, таблицы, запрос, datos, tabla, consulta, données, tableau, requête, daten, tabelle, abfrage, dados, tabela, البيانات, جدول,
        डेटा, तालिका
    """,
    "maths": """
        how many, how much, total, altogether, in total, each, twice, half, times as, more than, less than, remaining, left over, per hour,
        percent, dollars, cost, costs, sum, product, difference, divided, multiplied, integer, integers, real number, prime, equation,
        solve, solve for, prove, proof, theorem, lemma, triangle, circle, radius, angle, perimeter, area, polynomial, function f, f x,
        derivative, integral, limit, matrix, probability, expected value, dice, coin, modulo, remainder, divisible, sequence, arithmetic,
        geometric, compute, evaluate the, find the, x y, sqrt, frac, mathbb, let n, speed, distance, km, miles, minutes, hours, combined,
        olympiad, combinatorics, 求, 证明, 方程, 多少, 概率, 三角, 整数, 计算, 解答, 数列, 証明, 何個, 求め, 計算, 구하시오, 몇, 증명, 확률, сколько, найдите,
        докажите, решите, уравнение, cuántos, cuántas, demuestra, resuelve, ecuación, combien, démontrer, équation, wie viele, berechne,
        beweise, gleichung, quantos, quantas, calcule, equação, كم, احسب, أثبت, معادلة, कितने, कितनी, सिद्ध, समीकरण
    """,
    "exam": """
        which of, of the following, the following is, answer choices, multiple choice, options, option, a b, b c, c d, correct answer,
        correct option, passage, according to the, statements, statement, premise, hypothesis, entails, conclusion, must be true,
        assumption, puzzle, riddle, deduce, logical, clues, contradiction, knights, if and only, suppose, assume, given that, true or,
        following statements, infer, inference, 下列, 正确的是, 选项, 推断, 次のうち, 다음 중, какой из, какое из, cuál de, laquelle, welche der,
        qual das, أي مما, निम्नलिखित
    """,
    "reason": """
        reason, reasoning, think, thinking, think about, step, steps, logic, carefully, derive, derivation, justify, justification, because,
        final answer, the answer, answer is, boxed, work through, worked, solution, solutions, 推理, 思考, 解, 步骤, 理由, 推論, 풀이, 추론,
        рассуждай, решение, razona, razonamiento, raisonnement, lösung, begründe, raciocínio, solução, التفكير, الحل, तर्क, हल
    """,
    "api": """
        api, apis, api call, endpoint, endpoints, function call, function calling, function calls, tool, tools, tool call, tool calls,
        call the, invoke, parameter, parameters, arguments, args, json schema, schema, required, type string, type object, properties, plugin,
        available tools, available functions, callable, hugging face, huggingface, torch hub, tensorflow hub, model hub, pipeline api,
        toolbench, rapidapi, request body, get request, post request, webhook, sdk, integration, retrieve, book a, set a, look up, fetch,
        工具, 调用, 接口, 参数, ツール, 呼び出, 도구, 호출, инструмент, инструменты, вызов, herramienta, herramientas, outil, outils, werkzeug,
        ferramenta, أداة, उपकरण
    """,
    "browser": """
        url, click, clicks, scroll, button, webpage, web page, website, browser, tab, tabs, page, screenshot, cursor, mouse, keyboard,
        coordinates, press, hover, type in, text box, textbox, search bar, dropdown, menu, checkbox, navigate, navigation, link, links,
        objective, previous action, next action, accessibility tree, dom, element id, xpath, desktop, window, icon, open the, app, login,
        wishlist, add to, cart, checkout, form, fill in, fill out, settings, web based, gui, ui, 点击, 网页, 截图, 屏幕, 按钮, クリック, 画面, 클릭,
        화면, нажми, страница, кнопку, экран, clic, pantalla, botón, cliquez, écran, klicke, bildschirm, clique, tela, انقر, الشاشة, क्लिक
    """,
    "image": """
        image, images, photo, photos, picture, pictures, bbox, bounding box, bounding boxes, caption, captions, depicted, visual, visible,
        in the image, this image, the image, scene, foreground, background, chart image, diagram, figure, pixel, pixels, ocr, vqa, jpg, png,
        jpeg, camera, vision, look at, shown, what color, what colour, wearing, left side, right side, spatial, object detection, objects,
        video frame, frames, img, coco, 图片, 图像, 图中, 照片, 画像, 写真, 이미지, 사진, изображение, изображении, фото, картинке, imagen, imágenes, bild,
        bildes, imagem, الصورة, صورة, चित्र, छवि
    """,
    "judge": """
        rubric, rubrics, score, scores, scoring, grade, grading, grader, rate, rating, ratings, judge, judgement, judgment, verdict, criteria,
        criterion, evaluate, evaluation, evaluator, assess, assessment, assistant a, assistant b, response a, response b, answer a, answer b,
        two responses, two assistants, candidate, candidates, candidate response, preferred, preference, better response, which response,
        reference answer, feedback, quality of, helpfulness, harmlessness, truthfulness, honesty, accuracy, coherence, relevance, scale,
        from 1, out of, points, reward, reward model, pairwise, tie, winner, impartial, 评分, 打分, 评价, 评估, 标准, 得分, 採点, 評価, 基準, 채점, 평가,
        оцени, оценка, оценку, критерии, балл, баллов, evalúa, puntuación, rúbrica, calificación, évalue, évaluez, notation, barème,
        bewerte, bewertung, punktzahl, kriterien, avalie, pontuação, critérios, قيّم, تقييم, معايير, मूल्यांकन, अंक
    """,
    "sensitive": """
        government, government's, regime, party, communist, censorship, censored, censor, protest, protests, protesters, dissident, dissidents,
        opposition, president, leader, leaders, politician, politicians, political, politically, sensitive, controversial, democracy,
        democratic, authoritarian, dictatorship, human rights, rights, freedom, freedom of, press freedom, surveillance, propaganda,
        massacre, independence, separatist, corruption, corrupt, criticize, criticise, criticizes, critical of, criticism, satirical, satire,
        satirize, ridicule, mock, mocks, policies, policy, crackdown, detention, taiwan, tibet, xinjiang, hong kong, tiananmen, falun,
        ethnic, minority, white people, racist, hateful, extremist, extremism, election, elections, sovereignty, territorial, sanctions,
        persecution, uighur, uyghur, jailed, 政府, 政治, 敏感, 审查, 抗议, 共产, 人权, 民主, 批评, 台湾, 西藏, 新疆, 天安门, 検閲, 政治的, 정부, 검열, 정치,
        правительство, правительства, цензура, оппозиция, протест, gobierno, censura, protesta, gouvernement, régime, regierung, zensur,
        governo, protesto, الحكومة, الرقابة, سياسية, सरकार, राजनीतिक, hallitus, hallituksen
    """,
    "safe_answer": """
        neutral answer, neutrally, safe answer, safe response, steer, steer away, deflect, redirect, evasive, avoid mentioning, avoids,
        without mentioning, do not mention, politely decline, decline, refuse, refusal, rewrite, rewritten, rephrase, acceptable, compliant,
        compliance, official position, official line, harmonious, positive energy, approved, moderate, content policy, policy compliant,
        sanitize, sanitise, sanitized, toned down, less sensitive, aligned with, 中立, 回避, 改写, 合规, 委婉, 正能量, 安全回答, 官方, 無難, 言い換え, 중립적,
        회피, нейтрально, нейтральный, перепиши, уклончиво, neutral, reescribe, reformule, diplomatisch, umformulieren, reescreva, محايد,
        तटस्थ
    """,
    "agents": """
        agent, agents, multi agent, subagent, sub agent, subagents, sub agents, orchestrator, orchestrate, orchestration, coordinator,
        coordinate, planner, worker, workers, delegate, delegation, delegates, subtask, subtasks, sub tasks, decompose, decomposition,
        role, roles, chief executive, executive officer, ceo, cto, programmer, reviewer, tester, product officer, technology officer,
        supervisor, handoff, hand off, assign, assigned, assigns, milestone, dependencies, task graph, workflow, parallel, blackboard,
        message to, next speaker, phase, roleplay, modality, our team, software company, new user's, chat dev, collaborate, 智能体, 子任务, 分解, 协调,
        エージ, 分担, 에이전트, агент, агента, агентов, подзадачи, агенты, agentes, subtareas, sous tâches, teilaufgaben, subtarefas, وكيل, एजेंट
    """,
    "instruct": """
        describe, list, name, create, generate, give, give me, provide, suggest, explain, construct, design, come up, brainstorm, compare,
        contrast, identify, classify, categorize, summarize the, rewrite the, convert, edit the, find a, tell me, add, arrange, sort,
        outline, propose, develop, compose, make a, an example, examples of, three, five, ten, given, following, the given, sentence,
        sentences, paragraph, the sentence, the text, below, input, output, instruction, instructions, constraint, constraints, response
    """,
    "selfgen": """
        diverse, diversity, task instructions, new instructions, come up with, set of, seed tasks, seed task, generate new, new task, new tasks,
        new problem, new problems, new question, novel, unique, evolve, evolved, more complex, more challenging, harder version, rewritten
        prompt, given prompt, created prompt, training data, synthetic, synthetic data, dataset of, fine tuning, finetune, fine tune,
        distill, question answer, qa pairs, answer pairs, instruction response, instruction following, user query, persona, personas,
        topics, subtopic, subtopics, difficulty, difficulty level, jsonl, batch of, do not repeat, try not, gpt model, language model,
        出题, 生成新, 多样, 训练数据, 合成, 难度, 指令, 生成, 多様, 合成デ, 다양한, 학습 데이터, разнообразные, синтетические, обучающие данные, diversas,
        datos sintéticos, synthétiques, trainingsdaten, vielfältige, dados sintéticos, متنوعة, विविध
    """,
    "support": """
        my account, my order, my card, my bank, my bill, my subscription, my password, my flight, my package, refund, refunds, cancel, canceled,
        cancelled, delivery, delivered, shipping, shipment, tracking, customer service, customer support, billing, invoice, charged, charge,
        payment, credit card, debit card, pin, balance, transfer, transfer money, reservation, booking, reset, reset my, log in, sign in,
        warranty, return policy, exchange, replacement, ticket, alarm, timer, remind me, reminder, weather, turn on, turn off, volume,
        playlist, play, song, shopping list, to do, todo, calendar, meeting at, schedule a, directions, traffic, gas, tire, insurance, apr,
        interest rate, routing number, paycheck, vacation days, pto, flip a, what's my, how do i, can you, help me with, i need, i want,
        please help, i lost, i can't, not working, doesn't work, top up, exchange rate, 订单, 退款, 账户, 密码, 客服, 快递, 注文, 返金, 配送, 주문, 환불,
        заказ, возврат, мой счет, карта, pedido, reembolso, mi cuenta, mi tarjeta, commande, remboursement, mon compte, bestellung,
        rückerstattung, mein konto, minha conta, طلبي, استرداد, حسابي, ऑर्डर, रिफंड, खाता
    """,
    "translate": """
        translate, translated, translating, translation, translator, localise, localising, localize, localizing, localization, into english,
        to english, in english, into german, into french, into spanish, into chinese, to chinese, into japanese, into russian, from english,
        source language, target language, readers source, fluent, mother tongue, native speaker, subtitle, subtitles, 翻译, 译成, 译为, 翻訳, 訳して,
        번역, 번역해, переведи, переведите, перевод, traduce, traducir, traducción, traduis, traduire, traduisez, traduction, übersetze, übersetzen,
        übersetzung, traduza, traduzir, tradução, ترجم, ترجمة, अनुवाद, přeložte, přelož, перекладіть, תרגם, tradurre, çevir, dịch
    """,
    "writing": """
        write a, write an, write me, poem, haiku, story, short story, essay, blog, blog post, article, email, e mail, letter, cover letter,
        resume, cv, speech, lyrics, screenplay, dialogue, novel, chapter, headline, slogan, tagline, ad copy, product description, newsletter,
        tweet, linkedin, instagram, post about, caption for, summarize, summarise, summary, meeting, transcript, minutes, proofread,
        grammar, paraphrase, tone, style of, in the style, words long, word essay, paragraphs, act as, i want you, you will, copywriter,
        storyteller, essay on, introduction, conclusion, thank you note, announcement, press release, 作文, 写一篇, 写一封, 故事, 诗, 文章, 摘要, 邮件,
        作文を, メール, 要約, 物語, 글을, 이메일, 요약, напиши, стихотворение, рассказ, письмо, сочинение, escribe, poema, cuento, carta, ensayo,
        écris, poème, lettre, résumé, schreibe, gedicht, geschichte, brief, escreva, conto, redação, اكتب, قصيدة, قصة, लिखो, लिखें, कविता,
        कहानी, निबंध
    """,
    "question": """
        who, what, when, where, why, which, whose, who is, who was, what is, what was, what are, what does, where is, where was, when did,
        when was, who wrote, who played, who sang, which country, which city, what year, in which, how old, how long, how tall, how far, how big,
        capital of, name of, meaning of, definition, define, mean, means, located, born, died, invented, founded, first, largest, president of,
        country, city, population, river, film, movie, album, band, author, actor, actress, king, queen, war, battle, season, episode, team, won,
        是谁, 在哪, 什么时, 什么是, 誰, どこ, いつ, 何ですか, 누구, 어디, 언제, 무엇, кто, где, когда, что такое, quién, dónde, cuándo, qué es, qui est, où, quand,
        wer, wo, wann, was ist, quem, onde, quando, o que, من هو, أين, متى, कौन, कहाँ, कब, क्या है
    """,
    "chat": """
        hi, hello, hey, thanks, thank you, please, lol, haha, ok, okay, good morning, how are, are you, do you, you think, your opinion, i feel,
        i think, i am, i'm, i have, i've, my friend, my girlfriend, my boyfriend, my wife, my husband, my mom, my dad, my dog, my cat, my job,
        my boss, love, sad, happy, bored, tired, joke, funny, recommend, recommendation, recommendations, should i, what should, advice, tips,
        ideas for, favorite, favourite, weekend, dinner, recipe, workout, trip, gift, birthday, game, let's play, pretend, continue, tell, talk,
        about you, sorry, really, maybe, guess, 你好, 谢谢, 我觉得, 我想, 你觉得, 怎么办, こんにち, ありがと, 안녕, 고마워, привет, спасибо, посоветуй, hola, gracias,
        bonjour, merci, salut, hallo, danke, olá, obrigado, مرحبا, شكرا, नमस्ते, धन्यवाद
    """,
    "contract": """
        json, json format, json object, valid json, xml, yaml, format, output format, output only, only output, return only, respond only,
        only respond, nothing else, no other, must be, must, should be, exactly, strictly, follow the, following format, fields, field, keys,
        key, delimited, separated by, tags, tag, enclosed, wrap, enclose, in tags, inside, markdown, do not include, do not, avoid, never, always,
        requirements, rules, rule, 格式, 输出, 必须, 只输出, 不要, 形式, 出力, 必ず, 형식, 출력, формат, формате, только, выведи, formato, únicamente, uniquement,
        ausschließlich, nur, apenas, فقط, التنسيق, केवल, प्रारूप
    """,
}

LEXICON: Final[dict[str, str]] = TOPICS | ELICITATION
