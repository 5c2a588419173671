"""Writes jinja-cases.json: small templates and what Python's jinja2 makes of them, set up as Hugging Face does.

Run: python3 jinja_cases.py   (needs jinja2 3.1)
"""
import json
import os
from datetime import datetime

import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.exceptions import TemplateError

V = {
    "name": "World", "n": 7, "f": 21.5, "yes": True, "no": False, "nothing": None, "empty": [], "text": "a,b,,c", "world": "世界 🙂!",
    "xs": [3, 1, 2], "words": ["pear", "Apple", "fig", "apple"], "d": {"b": 1, "a": [1, 2, {"k": None}], "items": 5},
    "people": [{"name": "Ann", "age": 30, "tags": ["x"]}, {"name": "bob", "age": 25}, {"name": "Cid", "age": 30, "tags": []}],
    "quote": "it's \"q\"", "lines": "one\n  two\n\nthree\n", "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}],
    "big": 123456789012345678901234567890,
}

T = r'''
plain text
{{ name }}!
{{ name -}}   x
a   {{- name }}
a   {{ name }}   b
  {% if yes %}x{% endif %}
  {%+ if yes %}x{% endif %}
{% if yes +%}⏎x{% endif %}⏎y
{% if yes %}⏎  x⏎{% endif %}⏎y⏎
a⏎  {% if yes -%}  ⏎ x ⏎ {%- endif %}⏎b
a {# c #} b
a⏎  {# c #}⏎b
a⏎  {#- c -#}  ⏎b
{#{{#}x
{% raw %}{{ x }}{% if %}{% endraw %}.
  {%- raw -%}  {{ y }}  {%- endraw -%}  z
{% raw %}⏎ a⏎{% endraw %}⏎b
x⏎⏎
x⏎
{{ "a" }}⏎b
{{ 'it\'s' }}{{ "\"q\" \\ \t\n\x41\u00e9\U0001F600\q\101" }}
{{ "a" 'b' "c" }}
{{ 1 + 2 * 3 - 4 }}{{ (1 + 2) * 3 }}{{ 2 ** 3 ** 2 }}{{ -2 ** 2 }}{{ 7 / 2 }}{{ 6 / 2 }}{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 % -3 }}
{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1e3 }} {{ 1.5e-7 }} {{ 1e16 }} {{ 123456789.125 }} {{ 0.1 + 0.2 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 100.0 }} {{ -0.0 }} {{ 1e100 }} {{ 2.5e-5 }}
{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 00 }}
{{ "ab" * 3 }}{{ 3 * "x" }}{{ [1] * 2 }}{{ "x" * -1 }}
{{ [1, 2] + [3] }}{{ (1, 2) + (3,) }}{{ (1,) }}{{ () }}{{ 1, 2 }}
{{ true }} {{ True }} {{ none }} {{ None }} {{ false }} {{ yes }} {{ nothing }} {{ missing }}|
{{ true + 1 }} {{ true == 1 }} {{ 1 == 1.0 }} {{ "1" == 1 }} {{ none == false }} {{ [1] == [1.0] }} {{ (1,) == [1] }} {{ {"a": 1} == {"a": 1} }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ "a" < "b" }} {{ [1, 2] < [1, 3] }} {{ 2 >= 2 }} {{ 1 != 2 }}
{{ 1 in xs }} {{ 9 not in xs }} {{ "or" in name }} {{ "b" in d }} {{ 1 in missing }} {{ not 1 in xs }} {{ "" in "" }}
{{ yes and name }} {{ no or "x" }} {{ nothing or missing or 0 }} {{ not yes }} {{ not not name }} {{ yes and no or 5 }}
{{ "a" if yes else "b" }}{{ "a" if no else "b" }}{{ "a" if no }}{{ 1 if no else 2 if no else 3 }}{{ (1 if yes else 2) + 1 }}
{{ name ~ 1 ~ none ~ true ~ [1, "a"] ~ 1.5 }}
{{ "a" ~ "b" * 2 }} {{ 1 ~ 2 + "3" }}
{{ 1 ~ 2 + 3 }}
{{ xs[0] }}{{ xs[-1] }}{{ xs[1:] }}{{ xs[:-1] }}{{ xs[::-1] }}{{ xs[::2] }}{{ xs[5:] }}{{ xs[-2:10] }}{{ xs[2:0:-1] }}{{ xs[9] }}{{ xs[:] }}{{ xs[-1::-1] }}{{ xs[:0:-1] }}{{ xs[10:-10:-2] }}
{{ name[0] }}{{ name[-1] }}{{ name[1:3] }}{{ name[::-1] }}{{ world[3] }}{{ world[2:4] }}{{ world|length }}{{ world[::-1] }}{{ world[-2] }}{{ name[99] }}
{{ d.b }}{{ d['b'] }}{{ d.a[2].k }}{{ d['items'] }}{{ d.missing }}{{ d['zzz'] }}{{ d.a.0 }}
{{ d.items()|list }}{{ d.keys()|list }}{{ d.values()|list }}{{ d.get('b') }}{{ d.get('x') }}{{ d.get('x', 9) }}
{{ xs }} {{ d }} {{ quote }} {{ [quote, "it's", "\n\t\\", "é🙂", "\x00\x7f\xa0\u2028"] }} {{ {1: 2, none: true, "k": [none, 1.5]} }}
{{ {} }}{{ [] }}{{ {"a": {}} }}{{ {'a':1}}}
{{ text.split(',') }}{{ text.split(',', 1) }}{{ " a  b ".split() }}{{ "a b c".split(none, 1) }}{{ text.rsplit(',', 1) }}{{ text.split(',')[-1] }}{{ "".split(',') }}{{ "".split() }}{{ "aXXbXXc".split("XX") }}
{{ "  x ".strip() }}|{{ "xxaxx".strip('x') }}|{{ "  x ".lstrip() }}|{{ "  x ".rstrip() }}|{{ "abcba".lstrip('ab') }}|{{ "abc\n\n".rstrip('\n') }}|
{{ name.startswith('Wo') }}{{ name.endswith('x') }}{{ name.startswith(('a', 'W')) }}{{ name.upper() }}{{ name.lower() }}{{ "they're bill's".title() }}{{ "hELLO wORLD".capitalize() }}{{ name.replace('o', '0') }}{{ "aaa".replace('a', 'b', 2) }}{{ "ab".replace('', '-') }}
{{ name.find('r') }}{{ name.find('z') }}{{ name.rfind('o') }}{{ name.index('o') }}{{ "banana".count('an') }}{{ "a".join(['x', 'y']) }}{{ "12".isdigit() }}{{ "ab1".isalpha() }}{{ "a1".isalnum() }}{{ " ".isspace() }}{{ "AB".isupper() }}{{ "ab".islower() }}
{{ "a=b=c".partition('=') }}{{ "a=b=c".rpartition('=') }}{{ "abc".partition('x') }}{{ "abc".rpartition('x') }}{{ "prefix-x".removeprefix('prefix-') }}{{ "a.txt".removesuffix('.txt') }}{{ "a".ljust(3, '.') }}{{ "a".rjust(3) }}{{ "ab".center(5, '*') }}{{ "abc".center(6, '*') }}
{{ lines.splitlines() }}{{ "a\r\nb\rc".splitlines() }}{{ lines.splitlines(true) }}
{{ xs.index(2) }}{{ [1, 1, 2].count(1) }}
{{ "{} {}".format(1, "a") }}{{ "{0}{1}{0}".format("x", "y") }}{{ "{a}-{{}}".format(a=3) }}
{{ "%s is %d and %.2f %5s|%-5s|%05d %x %%" % ("a", 5, 3.14159, "r", "l", 42, 255) }}{{ "%s" % name }}{{ "%(k)s" % {"k": 1} }}{{ "%+d" % 5 }}{{ "%r" % "a" }}{{ "%e" % 12345.678 }}
{{ "  x "|trim }}|{{ "xxaxx"|trim('x') }}|{{ name|upper }}|{{ name|lower }}|{{ "hELLO wORLD"|capitalize }}|{{ "hello wORLD-foo (bar)"|title }}|{{ name|replace("o", "0") }}|{{ "aaa"|replace("a", "b", 2) }}
{{ xs|length }}{{ name|length }}{{ d|length }}{{ missing|length }}{{ xs|count }}{{ ""|length }}
{{ xs|first }}{{ xs|last }}{{ empty|first }}{{ name|first }}{{ name|last }}{{ xs|sum }}{{ people|sum('age') }}{{ xs|sum(start=10) }}{{ xs|min }}{{ xs|max }}{{ people|map(attribute='age')|max }}{{ words|max }}{{ people|max(attribute='age') }}
{{ xs|join(", ") }}{{ xs|join }}{{ people|join("/", attribute="name") }}{{ name|join("-") }}{{ d|join(",") }}
{{ xs|sort }}{{ words|sort }}{{ words|sort(case_sensitive=true) }}{{ xs|sort(reverse=true) }}{{ people|sort(attribute="age")|map(attribute="name")|list }}{{ people|sort(attribute="age", reverse=true)|map(attribute="name")|list }}
{{ words|unique|list }}{{ words|unique(true)|list }}{{ xs|reverse|list }}{{ name|reverse }}{{ name|list }}{{ d|list }}{{ (1, 2)|list }}{{ missing|list }}
{{ people|map(attribute="tags")|list }}{{ people|map(attribute="tags", default=0)|list }}{{ words|map("upper")|list }}{{ words|map("replace", "p", "b")|join(",") }}{{ xs|map("string")|join("") }}
{{ xs|select("odd")|list }}{{ xs|reject("odd")|list }}{{ [0, 1, "", "a"]|select|list }}{{ [0, 1]|reject|list }}{{ xs|select("gt", 1)|list }}{{ xs|select("in", [1, 2])|list }}{{ words|select("equalto", "fig")|list }}{{ xs|select(">", 2)|list }}
{{ people|selectattr("tags")|map(attribute="name")|list }}{{ people|rejectattr("tags")|map(attribute="name")|list }}{{ people|selectattr("age", "equalto", 30)|list|length }}{{ people|selectattr("tags", "defined")|list|length }}{{ people|rejectattr("age", "eq", 30)|map(attribute="name")|join }}{{ people|selectattr("name", "in", ["Ann"])|list|length }}
{{ missing|default("x") }}{{ none|default("x") }}{{ none|default("x", true) }}{{ ""|d("y", boolean=true) }}{{ 0|default(5) }}{{ missing|default }}|{{ d.zzz|default("q") }}
{{ d|items|list }}{{ d|dictsort }}{{ {"b": 1, "A": 3, "c": 2}|dictsort }}{{ {"b": 1, "A": 3, "c": 2}|dictsort(false, "value") }}{{ {"b": 1, "A": 3}|dictsort(true, reverse=true) }}{{ missing|items|list }}
{{ d|tojson }}{{ xs|tojson }}{{ quote|tojson }}{{ world|tojson }}{{ none|tojson }}{{ 1.0|tojson }}{{ "\x01\x7f\u2028/<>&'"|tojson }}{{ {1: 2, true: 3, none: 4, 1.5: 5}|tojson }}{{ (1, 2)|tojson }}{{ big|tojson }}{{ 1e22|tojson }}
{{ d|tojson(indent=2) }}{{ []|tojson(indent=2) }}{{ {}|tojson(indent=2) }}{{ [[], {}, [1]]|tojson(indent=1) }}
{{ d|tojson(sort_keys=true) }}{{ d|tojson(separators=(",", ":")) }}{{ world|tojson(ensure_ascii=true) }}{{ d|tojson(indent=4, separators=(",", ": ")) }}{{ [1,2]|tojson(false, 2) }}
{{ "42"|int }}{{ "x"|int }}{{ "x"|int(7) }}{{ "3.7"|int }}{{ 3.9|int }}{{ -3.9|int }}{{ "ff"|int(base=16) }}{{ true|int }}{{ none|int }}{{ " 5 "|int }}{{ "2.5"|float }}{{ 2|float }}{{ "x"|float }}{{ "1e3"|float }}
{{ -5|abs }}{{ (-5)|abs }}{{ -2.5|abs }}{{ 2.5|round }}{{ 3.14159|round(2) }}{{ 2.1|round(method="ceil") }}{{ 2.9|round(0, "floor") }}{{ 5|round }}{{ 3.5|round }}{{ 7.0|round|int }}
{{ [1, 2, 3]|string }}{{ 1.5|string }}{{ none|string }}{{ "<a href='x'>&\""|escape }}{{ "<b>"|e }}{{ "<b>"|safe }}{{ "<p>a  <b>b</b></p>"|striptags }}
{{ lines|indent }}|{{ lines|indent(2, true) }}|{{ lines|indent(2, first=true, blank=true) }}|{{ "a\nb"|indent("> ") }}|{{ "a"|indent(3) }}
{{ "a b c"|wordcount }}{{ "abc"|center(9) }}|{{ "%s-%s"|format("a", 2) }}{{ "hello big world"|truncate(10) }}{{ "hello big world"|truncate(10, true, "", 0) }}{{ "hello"|truncate(4, leeway=0) }}{{ "hello"|truncate(4) }}
{% for b in range(7)|batch(3) %}{{ b }}{% endfor %}{% for b in range(7)|batch(3, "-") %}{{ b }}{% endfor %}{% for b in range(7)|slice(3) %}{{ b }}{% endfor %}{% for b in range(7)|slice(3, 0) %}{{ b }}{% endfor %}
{% for g, l in people|groupby("age") %}{{ g }}:{{ l|map(attribute="name")|join(",") }};{% endfor %}
{{ range(3)|list }}{{ range(1, 10, 3)|list }}{{ range(5, 0, -2)|list }}{{ range(0)|list }}{{ dict(a=1, b="x") }}{{ dict({"k": 1}, z=2) }}{{ dict([("a", 1)]) }}
{{ missing is defined }}{{ name is defined }}{{ missing is undefined }}{{ d.b is defined }}{{ d.q is not defined }}{{ nothing is none }}{{ nothing is not none }}{{ name is string }}{{ 1 is string }}
{{ d is mapping }}{{ xs is mapping }}{{ xs is iterable }}{{ name is iterable }}{{ 1 is iterable }}{{ missing is iterable }}{{ xs is sequence }}{{ name is sequence }}{{ d is sequence }}{{ 1 is sequence }}
{{ 1 is number }}{{ 1.5 is number }}{{ yes is number }}{{ "1" is number }}{{ 1 is integer }}{{ yes is integer }}{{ 1.0 is float }}{{ yes is boolean }}{{ 1 is boolean }}{{ yes is true }}{{ no is false }}{{ 1 is true }}
{{ 4 is even }}{{ 4 is odd }}{{ 9 is divisibleby 3 }}{{ 9 is divisibleby(2) }}{{ 1 is eq 1 }}{{ 1 is equalto 2 }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 2 is ge 2 }}{{ 3 is greaterthan 2 }}{{ 1 is in [1, 2] }}{{ "a" is in "abc" }}{{ 1 is not in [1] }}{{ 5 is sameas 5 }}{{ none is sameas none }}
{{ "abc" is lower }}{{ "ABC" is upper }}{{ "Abc" is lower }}{{ "1" is upper }}{{ range is callable }}{{ name is callable }}{{ "upper" is filter }}{{ "nope" is filter }}{{ "odd" is test }}
{{ "x" if missing is not defined and yes else "y" }}{{ not missing is defined }}{{ "a" if name is string else "b" }}
{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.depth }};{% endfor %}
{% for x in xs if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}{% for x in empty %}x{% else %}none{% endfor %}{% for x in missing %}x{% else %}none{% endfor %}{% for x in xs if x > 9 %}x{% else %}none{% endfor %}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for c in world %}[{{ c }}]{% endfor %}{% for (a, b) in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}
{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for x in xs %}{% for y in xs %}{{ loop.index }}{% if y == 1 %}{% break %}{% endif %}{% endfor %}{{ loop.index }};{% endfor %}
{% for x in xs %}{{ loop.cycle("a", "b") }}{{ loop.changed(x > 1) }}{% endfor %}
{% for x in tree recursive %}{{ x.v }}{% if x.c %}({{ loop(x.c) }}){% endif %}{{ loop.depth0 }}{% endfor %}
{% set x = 1 %}{% for i in xs %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}
{% set ns = namespace(x=1) %}{% for i in xs %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{% set ns.new = "n" %}{{ ns.new }}{{ ns.missing }}
{% if yes %}{% set inner = 5 %}{% endif %}{{ inner }}{% if no %}{% set never = 1 %}{% endif %}{{ never is defined }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t }}{% set a = [1,2] %}{{ a }}
{% set block %}a{{ name }}⏎b{% endset %}[{{ block }}]{% set up | upper %}x{{ name }}{% endset %}{{ up }}{% set j | replace("a", "b") | trim %} aaa {% endset %}{{ j }}
{% if no %}1{% elif nothing %}2{% elif yes %}3{% else %}4{% endif %}{% if missing %}1{% else %}2{% endif %}{% if xs and d and name %}t{% endif %}
{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(1, c=5) }}|{{ m(b=1, a=0) }}|{{ m() }}|{{ m("x")|upper }}
{% macro v(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ v(1, 2, 3, k=4) }}{{ v(1) }}
{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}
{% set g = 1 %}{% macro uses() %}{{ g }}{% endmacro %}{{ uses() }}{% set g = 2 %}{{ uses() }}
{% macro wrap(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call wrap("b") %}body {{ name }}{% endcall %}
{% macro each(l) %}{% for x in l %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(x) each(xs) %}[{{ x }}]{% endcall %}
{% filter upper %}abc {{ name }}{% endfilter %}{% filter replace("a", "b")|upper %}banana{% endfilter %}
{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}
a{% generation %}⏎b{{ name }}{% endgeneration %}⏎c
{{ strftime_now("%Y-%m-%d %H:%M:%S %B %b %A %a %d %j %p %I %y %%") }}{{ strftime_now("%d %b %Y") }}
{{ strftime_now("%-d/%-m %e %F %T %D %R %c %x %X %u %w %h") }}
{{ -1|abs }}{{ - n }}{{ +n }}{{ --n }}{{ -n + 1 }}{{ 2 * -n }}
{{ (xs|sort)[0] }}{{ xs|sort|first }}{{ (n > 5)|string }}{{ n|string + "x" }}{{ "a" + 1|string }}
{{ "\n" }}{{ '\\n' }}{{ "a\
b" }}
{%set x=1%}{{x}}{%if x%}y{%endif%}
{{name}}{{-name-}}{{name}}
{{ [1, 2, 3][1] }}{{ "abc"[1] }}{{ {"a": 1}["a"] }}{{ {"a": 1}.a }}{{ (1, 2)[0] }}{{ "a,b".split(",")[1].upper() }}
{{ people[0].name }}{{ people[0]["tags"][0] }}{{ people[-1].tags|length }}{{ people|length - 1 }}
{{ 3 is odd and 4 is even }}{{ 1 == 1 and 2 == 2 }}{{ "a" in "abc" and "b" not in "xyz" }}
{{ 10 % 3 == 1 }}{{ (n % 2 == 0) != (n > 3) }}{{ 5 - 3 - 1 }}{{ 2 * 3 % 4 }}
{{ "%d%%" % 50 }}{{ "x" ~ ("a" if yes else "b") ~ "y" }}
{{ "ﬁ ß É ǆ"|upper|length > 0 }}{{ "ÉCOLE"|lower }}{{ "école"|upper }}
{% for x in [1, 2, 3] -%}⏎  {{ x }},⏎{%- endfor %}
{% for i in range(3) %}⏎    {{ i }}⏎{% endfor %}⏎end
⏎⏎{% if yes %}⏎⏎a⏎⏎{% endif %}⏎⏎
	{% if yes %}tab{% endif %}
x {% if yes %} y {% endif %} z
{{ d.a|tojson }}{{ d.a|map("string")|list }}{{ d.a[:2]|sum }}
{{ {"a": 1, "a": 2} }}{{ {1: "x", 1.0: "y", true: "z"} }}
{{ "a" "b"|upper }}{{ ["x"]|join|upper ~ "y" }}
{{ namespace is defined }}{{ range is defined }}{{ loop is defined }}{{ caller is defined }}
{{ xs is not none and xs|length > 2 }}{{ name|default("x")|upper }}{{ (missing or "alt")|upper }}
{{ text.split(",")|select|list }}{{ text.split(",")|reject("equalto", "")|join("+") }}
{{ "a\u00a0b"|tojson }}{{ "tab\there"|tojson }}{{ "\\"|tojson }}
{{ 9007199254740993 }}{{ big }}{{ big == big }}{{ 9223372036854775807 }}
{{ xs is iterable and xs is not mapping and xs is not string }}
{%- for m in people -%}{%- if not loop.first -%},{%- endif -%}{{ m.name }}{%- endfor -%}
{{ "<|im_start|>" + "user" + "\n" + "x" + "<|im_end|>" + "\n" }}.
{{ {"x": "}}"} }}{{ "{{" }}{{ "%}" }}{% set q = "%}" %}{{ q }}
{{ 1 if 1 else 2, 3 }}
{{ missing == missing2 }}{{ missing == none }}{{ missing != "" }}{{ missing ~ "x" }}{{ [missing] }}
{{ "abc"|map("upper")|join }}{{ "abc"|select("in", "ac")|list }}{{ d|map("upper")|list }}
{{ people|map(attribute="tags.0")|list|length }}
{{ undefined_thing.attr }}
{{ missing.attr.deeper }}
{{ missing + 1 }}
{{ missing[0] }}
{{ missing() }}
{{ name() }}
{{ "a" + 1 }}
{{ 1 + "a" }}
{{ none + "a" }}
{{ 1 / 0 }}
{{ 1 % 0 }}
{{ 1 < "a" }}
{{ none < 1 }}
{{ 1 in 5 }}
{{ 1 in "abc" }}
{{ none in "abc" }}
{{ "a" in none }}
{{ for }}
{{ 1 + }}
{{ (1 }}
{{ [1, 2 }}
{{ "abc }}
{{ 1 | nofilter }}
{{ 1 is notest }}
{% nosuchtag %}
{% if %}{% endif %}
{% if yes %}
{% for x in xs %}
{% endfor %}
{% endif %}
{% else %}
{% for x xs %}{% endfor %}
{% set 1 = 2 %}
{% set x %}
{% macro %}{% endmacro %}
{% break %}
{# unclosed
{% raw %} unclosed
{{ raise_exception("boom " + name) }}
{{ missing|tojson }}
{{ range|tojson }}
{{ nothing|length }}
{{ 5|length }}
{{ 5|join }}
{% for x in 5 %}{% endfor %}
{% for x in none %}{% endfor %}
{% for a, b in [(1, 2, 3)] %}{% endfor %}
{% set a, b = 1 %}
{% set name.x = 1 %}
{{ [1, "a"]|sort }}
{{ d.a.append(1) }}
{{ d.update({"x": 1}) }}
{{ xs.pop() }}
{{ "x".split("") }}
{{ xs.index(99) }}
{{ "abc".index("z") }}
{{ xs[::0] }}
{{ range(1, 5, 0) }}
{{ {[1]: 2} }}
{{ "%d" % "x" }}
{{ "%s %s" % "x" }}
{{ "{}".format() }}
{{ name.nosuch() }}
{{ m(1) }}
{{ a.b.c.d }}
{{ 'a' 5 }}
{{ x y }}
{{ }}
{% %}
{{ 1..2 }}
{{ @ }}
{{ $x }}
{{ a ? b : c }}
{{ [1,,2] }}
{{ {"a" 1} }}
{% include "x" %}
{% import "x" as y %}
{% extends "x" %}
{% from "x" import y %}
{% do xs.append(1) %}
{{ ''.__class__.__mro__ }}
{{ xs.__len__() }}
{{ range(1, 2).__class__.__base__ }}
{{ strftime_now(5) }}
'''.strip('\n')


def environment():
    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

        def _body(self, caller):
            return caller()

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])

    def raise_exception(message):
        raise TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda f: datetime(2025, 3, 9, 14, 5, 7).strftime(f)
    return env


def main():
    env = environment()
    cases = []
    sources = []
    for line in T.split("\n"):
        if sources and sources[-1].endswith("\\"):  # the one case with a line continuation
            sources[-1] += "\n" + line
        else:
            sources.append(line)
    for source in sources:
        source = source.replace("⏎", "\n")
        try:
            cases.append({"template": source, "text": env.from_string(source).render(**V)})
        except Exception as e:  # TemplateError, TypeError, ZeroDivisionError, ...: all are errors of the template
            cases.append({"template": source, "error": type(e).__name__})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "jinja-cases.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write('{"variables": ' + json.dumps(V, ensure_ascii=False) + ',\n"cases": [\n')
        f.write(",\n".join(json.dumps(c, ensure_ascii=True) for c in cases))
        f.write("\n]}\n")
    print(len(cases), sum("error" in c for c in cases))


main()
