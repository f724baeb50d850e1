"""What the rules are filled with: wide, so that no filler stands for the task that it fills."""

# ruff: noqa: RUF001 - words of other scripts are the point

from __future__ import annotations

from typing import Final

__all__ = ["WORDS"]


def _list(words: str, separator: str = ",") -> list[str]:
    return [" ".join(word.split()) for word in words.split(separator) if word.strip()]


WORDS: Final[dict[str, list[str]]] = {
    "topic": _list("""
        tides, bread baking, the French Revolution, electric cars, jazz, coral reefs, urban gardening, black holes, inflation, chess openings,
        volcanoes, remote work, medieval castles, honey bees, marathon training, the water cycle, solar panels, antibiotics, opera, glaciers,
        renewable energy, personal finance, childhood obesity, the Roman Empire, stoicism, supply chains, cryptocurrency, migration of birds,
        quantum computers, tea ceremonies, public transport, time management, mental health, deforestation, street photography, yoga, wine,
        machine learning, the printing press, earthquakes, space tourism, plastic waste, sleep, dinosaurs, the stock market, fashion, minimalism,
        vaccines, artificial intelligence, desert plants, folk music, board games, gene editing, the Silk Road, microplastics, home schooling,
        customer loyalty, noise pollution, language learning, gut bacteria, leadership, cyber security, whales, the moon landing, cheese making,
        tax reform, fermentation, autonomous vehicles, a four day week, wildfires, school uniforms, social media, the immune system, archaeology
    """),
    "person": _list("""
        Marie Curie, a retired nurse, the mayor, my neighbour, Simón Bolívar, Ada Lovelace, a young chef, the headmaster, Genghis Khan, a lighthouse
        keeper, Frida Kahlo, a taxi driver, Nelson Mandela, Beethoven, a shy robot, the goalkeeper, Cleopatra, a beekeeper, Isaac Newton, my landlord,
        Amelia Earhart, a travelling salesman, Leonardo da Vinci, the new intern, Charles Darwin, a stubborn detective, Gandhi, a small town doctor
    """),
    "name": _list("""
        Anna, Tom, Priya, Wei, Fatima, Carlos, Olga, Kenji, Amara, Liam, Sofia, Mateo, Ingrid, Yusuf, Chloe, Ravi, Elena, Kwame, Hana, Diego, Nora,
        Samir, Lucy, Pavel, Mei, Jack, Zara, Omar, Emily, Tariq, Grace, Ivan, Leila, Ben, Noor, Marta, Felix, Aisha, Daniel, Rosa
    """),
    "place": _list("""
        Lisbon, Nairobi, Kyoto, Toronto, Lima, Oslo, Mumbai, Cairo, Seattle, Berlin, Melbourne, Hanoi, Chicago, Marrakesh, Dublin, Seoul, Rome,
        Bogotá, Istanbul, Austin, Warsaw, Manila, Helsinki, Jakarta, Boston, Athens, Cape Town, Vienna, Denver, Prague
    """),
    "country": _list("""
        Portugal, Kenya, Japan, Canada, Peru, Norway, India, Egypt, Brazil, Germany, Australia, Vietnam, Morocco, Ireland, Korea, Italy, Colombia,
        Turkey, Poland, Finland, Indonesia, Greece, Austria, Mexico, Spain, Thailand
    """),
    "item": _list("""
        apples, pencils, tickets, books, cupcakes, marbles, shirts, oranges, stickers, chairs, bottles, candles, eggs, bricks, tiles, flowers, coins,
        cookies, toys, boxes, cards, mugs, bags of rice, batteries, notebooks, balloons, sandwiches, bracelets, seeds, stamps, lemons, muffins
    """),
    "product": _list("""
        wireless earbuds, a standing desk, running shoes, an espresso machine, a hiking backpack, a smart thermostat, a yoga mat, a mechanical keyboard,
        organic shampoo, an electric bike, a raincoat, a blender, a baby stroller, a tent, a fitness tracker, dog food, a desk lamp, a sofa
    """),
    "company": _list("""
        a bakery, an insurance firm, a hospital, a university, a bank, a startup, a law office, a museum, an airline, a farm, a hotel chain, a gym,
        a bookshop, a logistics company, a game studio, a charity, a car dealer, a telecom provider, an online shop, a city council
    """),
    "job": _list("""
        accountant, teacher, product manager, electrician, nurse, data engineer, journalist, architect, barista, marketing manager, mechanic,
        lawyer, graphic designer, chef, civil engineer, recruiter, pharmacist, translator, sales representative, research assistant
    """),
    "food": _list("""
        lentil soup, sourdough, pad thai, chicken curry, ratatouille, paella, ramen, banana bread, tacos, mushroom risotto, falafel, pancakes
    """),
    "animal": _list(
        "fox, owl, turtle, elephant, octopus, cat, wolf, penguin, horse, bee, dragon, dolphin, raccoon, spider, crow, bear"
    ),
    "adjective": _list("""
        brave, lonely, curious, ancient, tiny, cheerful, forgotten, clever, noisy, gentle, rusty, silent, generous, stubborn, elegant, nervous
    """),
    "feeling": _list(
        "happy, anxious, tired, excited, lonely, proud, confused, angry, bored, hopeful, stressed, jealous, grateful, nervous"
    ),
    "relative": _list(
        "sister, boss, best friend, mother, roommate, ex, brother, grandfather, colleague, daughter, uncle, boyfriend, wife"
    ),
    "hobby": _list(
        "pottery, climbing, chess, baking, guitar, running, birdwatching, knitting, painting, cycling, fishing, coding, dancing"
    ),
    "subject": _list(
        "physics, biology, history, geography, chemistry, economics, literature, music, law, medicine, psychology, algebra, grammar"
    ),
    "grade": _list("3rd, 4th, 5th, 6th, 7th, 8th, 9th, 10th, 11th"),
    "month": _list("January, February, March, April, May, June, July, August, September, October, November, December"),
    "weekday": _list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    "language": _list("""
        English, Spanish, German, French, Polish, Japanese, Hindi, Arabic, Portuguese, Chinese, Russian, Korean, Italian, Dutch, Turkish, Ukrainian,
        Czech, Hebrew, Vietnamese, Swedish, Greek, Indonesian, Swahili, Bengali, Thai, Finnish
    """),
    "plang": _list("""
        Python, JavaScript, Java, C++, Rust, Go, TypeScript, Ruby, Kotlin, C#, PHP, Swift, Bash, Haskell, Scala, R, SQL, Perl, C, Lua, Julia
    """),
    "library": _list("""
        pandas, NumPy, React, Django, Flask, PyTorch, TensorFlow, Express, Spring Boot, Vue, FastAPI, scikit-learn, asyncio, SQLAlchemy, Tokio,
        Angular, matplotlib, requests, OpenCV, jQuery, Node.js, Hibernate, Laravel, Rails
    """),
    "algorithm": _list("""
        binary search, quicksort, breadth first search, Dijkstra's algorithm, a trie, an LRU cache, a priority queue, matrix multiplication,
        longest common subsequence, knapsack with dynamic programming, topological sort, a bloom filter, union find, run length encoding,
        a rate limiter, a tokenizer, an expression parser, the sieve of Eratosthenes, depth first search, a linked list reversal, merge sort
    """),
    "code_task": _list("""
        reverses a string, counts the vowels in a sentence, checks whether a number is prime, merges two sorted lists, removes duplicates from an
        array, finds the second largest element, validates an email address, converts Roman numerals to integers, flattens a nested list, computes
        the nth Fibonacci number, parses a CSV file, groups words that are anagrams, rotates a matrix by ninety degrees, finds the longest palindromic
        substring, downloads a file with retries, sorts a dictionary by value, counts word frequencies, generates a random password, checks balanced
        parentheses, calculates the edit distance between two strings, finds all permutations of a list, converts a temperature, reads a JSON file and
        prints its keys, renders a bar chart, connects to a database, implements a stack with two queues, finds the missing number from 1 to n
    """),
    "error": _list(
        """
        TypeError: 'NoneType' object is not subscriptable; KeyError: 'id'; IndexError: list index out of range; NullPointerException; segmentation fault;
        undefined is not a function; ModuleNotFoundError: No module named 'utils'; AssertionError: expected 3 but got 4; connection refused;
        cannot borrow as mutable; CORS policy blocked; ImportError: cannot import name 'Config'; timeout after 30000ms; permission denied;
        ValueError: could not convert string to float; 404 not found; unresolved reference; deadlock detected; recursion depth exceeded
    """,
        ";",
    ),
    "module": _list("""
        parser, auth, scheduler, cache, serializer, router, models, cli, config, storage, exporter, validators, tokenizer, session, billing, search,
        migrations, http client, date utils, queue worker, template engine, image loader, retry policy, permissions
    """),
    "file": _list("""
        src/parser.py, lib/utils.js, app/models/user.rb, tests/test_auth.py, core/scheduler.go, src/main.rs, include/buffer.h, pkg/cache/lru.go,
        setup.cfg, src/components/Table.tsx, api/views.py, internal/queue/worker.go, src/config/loader.ts, django/forms/fields.py, sympy/core/expr.py
    """),
    "project": _list("""
        requests, django, flask, sympy, astropy, matplotlib, scikit-learn, pytest, sphinx, xarray, express, vite, tokio, serde, gin, rails, airflow,
        our billing service, the mobile app, an internal dashboard, the data loader, a static site generator
    """),
    "table": _list("""
        orders, customers, employees, students, flights, invoices, products, reviews, sessions, matches, patients, payments, shipments, movies,
        stores, tickets, suppliers, courses, deliveries, accounts, bookings, players, artists, sensors
    """),
    "column": _list("""
        price, quantity, age, salary, rating, city, country, category, status, created_at, amount, duration, score, region, discount, weight, year,
        department, name, user_id, temperature, revenue, goals, distance
    """),
    "database": _list("""
        retail_db, airline, hospital_1, soccer_2016, music_store, university, bike_sharing, world_trade, ecommerce, chinook, formula_1, city_budget,
        real_estate, crypto_ledger, library, insurance_claims
    """),
    "api": _list("""
        get_weather, search_flights, book_hotel, send_email, create_event, convert_currency, get_stock_price, find_restaurants, track_package,
        translate_text, list_files, play_music, set_thermostat, lookup_customer, query_database, order_ride, get_news, calculate_route, post_message
    """),
    "apiservice": _list("""
        weather, hotel, flight, movie, stock, currency, recipe, sports, maps, news, geocoding, music, job search, translation, crypto, real estate,
        email validation, text to speech, image tagging, object detection, sentiment analysis, question answering, speech recognition
    """),
    "website": _list("""
        the shopping site, the forum, the code hosting site, the map, the airline's page, the bank portal, the news page, the ticket shop, the wiki,
        the admin panel, the recipe site, the job board, the content management page, the calendar, the settings window, the file manager
    """),
    "uielement": _list("""
        the search bar, the login button, the cart icon, the dropdown menu, the filter panel, the checkbox, the date picker, the submit button,
        the first result, the profile tab, the settings link, the close icon, the text field, the sidebar, the download button
    """),
    "scene": _list("""
        a man riding a horse on the beach, two children playing chess, a red bus at a crossing, a kitchen with a dog under the table, a street market,
        a woman holding an umbrella, a surfer on a wave, a plate with pizza and salad, a cat asleep on a laptop, a train in a snowy station,
        a baseball player at bat, a bathroom with a blue sink, an elephant near a river, a group of people flying kites, a desk with two monitors
    """),
    "object": _list(
        "person, dog, car, umbrella, bottle, bicycle, chair, horse, kite, laptop, cup, traffic light, surfboard, train, clock, sofa, bird"
    ),
    "sensitive": _list("""
        the arrest of protesters, press censorship, an opposition leader in prison, the treatment of a minority, corruption in the ruling party,
        the crackdown on student demonstrations, the independence of a breakaway region, internet shutdowns, mass surveillance, a disputed election,
        forced labour camps, the president's family wealth, a border conflict, banned books, the secret police, police violence, a military coup,
        religious persecution, the death of a dissident, travel bans on journalists, territorial claims at sea, immigration raids, a royal scandal
    """),
    "government": _list("""
        the government of #country#, the ruling party, the regime, the president, the monarchy, the state media, the central committee, the military
        junta, the ministry of information, the prime minister, the security services, the city authorities of #place#, the federal government
    """),
    "sentence": [
        "The train leaves at #6-11# from platform #1-9#.",
        "We regret the delay of your parcel and apologise for the trouble.",
        "She never liked #topic#, but her #relative# did.",
        "The committee will publish its report on #topic# in #month#.",
        "Prices rose by #2-19# percent compared with the previous year.",
        "If it rains on #weekday#, the match will be moved to #place#.",
        "He opened the letter slowly and read it twice.",
        "Our office in #place# is looking for an experienced #job#.",
        "Scientists say that #topic# may change within #2-40# years.",
        "Please find attached the contract for #product#.",
        "The #adjective# #animal# slept under the old bridge.",
        "I ordered #food# and it was cold when it arrived.",
        "Researchers in #country# have found a new way to measure #topic#.",
        "My #relative# has been #feeling# since the move to #place#.",
        "The museum reopens next #weekday# after a long renovation.",
        "Customers of #company# complained about long waiting times.",
    ],
    "passage": [
        "#sentence# #sentence# #sentence#",
        "#sentence# #sentence#",
        "#sentence# #sentence# #sentence# #sentence# #sentence#",
        "#sentence# #sentence# #sentence# #sentence# #sentence# #sentence# #sentence# #sentence#",
    ],
    "foreign": _list(
        """
        Der Zug nach München hat heute Verspätung.; Je voudrais réserver une table pour quatre personnes.; ¿Dónde está la biblioteca más cercana?;
        会议改到星期五下午三点。; 昨日は雨が降ったので、家で本を読みました。; Погода завтра будет солнечной и тёплой.; 오늘 회의는 오후 두 시에 시작합니다.;
        O preço do pão subiu muito este ano.; تأخر القطار بسبب العاصفة.; कल बाज़ार बंद रहेगा।; La riunione è stata spostata a lunedì.; Zítra bude pršet.;
        Поезд прибывает на второй путь.; Die Regierung hat neue Regeln für den Verkehr beschlossen.; Les enfants jouent dans le jardin de l'école.;
        公司今年的利润增长了两成。; 新しい駅は来年の春に開業する予定です。; Bugün hava çok güzel.; Vlak jede z Prahy do Brna.; המוזיאון סגור היום.;
        El partido terminó con un empate a dos goles.; 정부는 새로운 교통 정책을 발표했다.; La nouvelle loi entrera en vigueur en janvier.;
        Мы приносим извинения за задержку заказа.; A empresa vai abrir uma loja nova em Lisboa.; Завтра відкриється нова виставка.; 请问这件衣服有没有大一号的？
    """,
        ";",
    ),
    "problem": [
        "A shop sells #3-40# #item# for #2-9# dollars each. After giving #2-9# away, how much money does it make?",
        "#name# has #12-90# #item#. #name# gives #2-9# of them to each of #2-6# friends. How many are left?",
        "Find all integers n such that n^2 + #2-50#n = #100-999#.",
        "A train travels #40-120# km per hour for #2-9# hours and then #20-60# km more. How far does it go in total?",
        "#name# earns #10-40# dollars an hour and works #4-9# hours a day. How many days are needed to save #500-3000# dollars?",
        "What is the remainder when #2-9#^#20-90# is divided by #7-19#?",
        "The perimeter of a rectangle is #20-90# and its length is #2-4# times its width. What is its area?",
        "If #2-9# workers build a wall in #4-30# days, how long do #3-12# workers need?",
        "Two dice are rolled. What is the probability that the sum is #4-10#?",
        "Let f(x) = #2-9#x^2 - #2-30#x + #1-9#. For which x is f(x) smallest?",
        "In a class of #20-40# students, #5-15# play chess and #5-15# sing. #1-4# do both. How many do neither?",
        "#name# is #2-5# times as old as #name#. In #3-12# years their ages add up to #50-99#. How old is each now?",
        "A jar holds #10-60# red and #10-60# blue marbles. #2-5# are drawn without replacement. What is the chance that all are red?",
        "Prove that the sum of #2-9# consecutive odd numbers is divisible by #2-9#.",
        "Solve the system #2-9#x + #2-9#y = #10-60# and x - y = #1-9#.",
        "A recipe for #food# needs #2-9# cups of flour for #2-8# people. How many cups are needed for #9-40# people?",
        "Three boxes are labelled #item#, #item# and mixed, and every label is wrong. How many must be opened to know?",
        "How many ways are there to seat #4-9# people around a table if #name# and #name# refuse to sit together?",
    ],
}
