using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LongContext.Tokenization.ChatTemplates;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization.ChatTemplates;

/// <summary>Templates come with models and are not trusted: each of these must end in a typed error, soon, on a small stack.</summary>
[TestFixture]
internal sealed class HostileTemplateTests
{
    private const int StackBytes = 512 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10); // at most some 100 ms on a quiet machine; the rest is for busy ones

    private static string Many(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();

    private static IEnumerable<TestCaseData> Templates()
    {
        (string Name, string Template)[] templates =
        [
            // loops
            ("nested loops", "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}{% endfor %}"),
            ("nested loops with output", "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}"),
            ("many loops", Many("{% for a in range(99999) %}{{ a }}{% endfor %}", 100)),
            ("filtered loop", "{% for a in range(999999) if a < 0 %}{% endfor %}{% for a in range(999999) if a < 0 %}{% endfor %}"),
            ("loop over a long text", "{% for a in 'x' * 10000000 %}{% endfor %}"),
            ("recursive loop without end", "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}"),
            ("recursive loop of two", "{% for x in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}"),
            ("while by namespace", "{% set ns = namespace(i=0) %}{% for a in range(900) %}{% for b in range(900) %}{% set ns.i = ns.i + 1 %}{% endfor %}{% endfor %}"),

            // macros
            ("macro calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
            ("macro calls itself twice", "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(50) }}"),
            ("macros call each other", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}"),
            ("macro as its own default", "{% macro m(x=m()) %}{% endmacro %}{{ m() }}"),
            ("caller calls its macro", "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{% endcall %}{% endmacro %}{{ n() }}"),
            ("macro in a deep expression", "{% macro m() %}{{ " + Many("[", 50) + "m()" + Many("]", 50) + " }}{% endmacro %}{{ m() }}"),
            ("macro in deep blocks", "{% macro m() %}" + Many("{% if 1 %}", 50) + "{{ m() }}" + Many("{% endif %}", 50) + "{% endmacro %}{{ m() }}"),
            ("macro doubles its text", "{% macro m(s) %}{{ m(s ~ s) }}{% endmacro %}{{ m('xxxxxxxxxx') }}"),

            // texts and lists
            ("text times a billion", "{{ 'x' * 1000000000 }}"),
            ("text times 2^62", "{{ 'x' * 4611686018427387904 }}"),
            ("long text times 2^62", "{{ 'xxxxxxxx' * 4611686018427387904 }}"),
            ("text doubled", "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"),
            ("text doubled by ~", "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"),
            ("text doubled by join", "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s]|join %}{% endfor %}"),
            ("text grown by replace", "{% set ns = namespace(s='xx') %}{% for i in range(99) %}{% set ns.s = ns.s.replace('x', 'xxxx') %}{% endfor %}"),
            ("text grown by format", "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = '%s%s' % (ns.s, ns.s) %}{% endfor %}"),
            ("text grown by str.format", "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = '{0}{0}'.format(ns.s) %}{% endfor %}"),
            ("text grown by set block", "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set t %}{{ ns.s }}{{ ns.s }}{% endset %}{% set ns.s = t %}{% endfor %}"),
            ("many long texts, thrown away", "{% for i in range(100000) %}{% set x = 'x' * 10000000 %}{% endfor %}"),
            ("many long texts, kept", "{% set ns = namespace(l=[]) %}{% for i in range(10000) %}{% set ns.l = ns.l + ['x' * 10000000] %}{% endfor %}"),
            ("long text searched often", "{% set x = 'x' * 10000000 %}{% for i in range(100000) %}{% set y = 'y' in x %}{% endfor %}"),
            ("search with a long bad part", "{% set x = 'a' * 4000000 %}{% set y = 'a' * 2000000 + 'b' + 'a' * 1000000 %}{% for i in range(1000) %}{% set z = y in x %}{% endfor %}"),
            ("long key looked up often", "{% set x = 'x' * 10000000 %}{% set d = {} %}{% for i in range(100000) %}{% set y = d[x] %}{% endfor %}"),
            ("long texts compared often", "{% set x = 'x' * 5000000 + 'a' %}{% set y = 'x' * 5000000 + 'b' %}{% for i in range(100000) %}{% set z = x == y %}{% endfor %}"),
            ("long text lowered often", "{% set x = 'X' * 10000000 %}{% for i in range(100000) %}{% set y = x|lower %}{% endfor %}"),
            ("long text measured often", "{% set x = '😀' * 5000000 %}{% for i in range(100000) %}{% set y = x|length %}{% endfor %}"),
            ("long text stripped of much", "{{ ('ab' * 5000000).strip('b' * 1000000 + 'a') }}"),
            ("splits into too much", "{% set x = ',' * 10000000 %}{{ x.split(',')|length }}"),
            ("splits from the end", "{% set x = ',' * 1000000 %}{{ x.rsplit(',')|length }}"),
            ("output without end", "{% set x = 'x' * 1000000 %}{% for i in range(100) %}{{ x }}{% endfor %}"),
            ("range of a billion", "{{ range(1000000000) }}"),
            ("range of 2^63", "{% for i in range(-9223372036854775807, 9223372036854775807) %}{% break %}{% endfor %}"),
            ("list times a billion", "{{ [1] * 1000000000 }}"),
            ("list times 2^62", "{{ [1, 2, 3, 4] * 4611686018427387904 }}"),
            ("list doubled", "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}"),
            ("list in itself", "{% set ns = namespace(l=[1]) %}{% for i in range(100000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}"),
            ("list shared, then written", "{% set ns = namespace(l=['x']) %}{% for i in range(100) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}"),
            ("list shared, then as JSON", "{% set ns = namespace(l=['x']) %}{% for i in range(100) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}"),
            ("lists shared, then compared", "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(90) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}"),
            ("sort of much", "{% for i in range(99) %}{% set x = range(100000, 0, -1)|sort %}{% endfor %}"),
            ("batch of a billion", "{{ [1]|batch(1000000000, 0) }}"),
            ("slice into a billion", "{{ [1]|slice(1000000000) }}"),
            ("lists added up", "{{ ([[1] * 10000] * 10000)|sum(start=[]) }}"),

            // widths and numbers
            ("format with a huge width", "{{ '%1000000000d' % 1 }}"),
            ("format with a huge precision", "{{ '%.1000000000f' % 1 }}"),
            ("center with a huge width", "{{ 'x'|center(1000000000000) }}"),
            ("ljust with a huge width", "{{ 'x'.ljust(9223372036854775807) }}"),
            ("indent with a huge width", "{{ 'x\ny'|indent(1000000000) }}"),
            ("JSON with a huge indent", "{{ [1]|tojson(indent=1000000000) }}"),
            ("power beyond 64 bits", "{{ 9 ** 9 ** 9 }}"),
            ("product beyond 64 bits", "{{ 9223372036854775807 * 9223372036854775807 }}"),
            ("smallest integer negated", "{{ -(-9223372036854775807 - 1) }}"),
            ("smallest integer divided", "{{ (-9223372036854775807 - 1) // -1 }}"),
            ("literal beyond 64 bits", "{{ " + Many("9", 100_000) + " }}"),
            ("float power", "{{ 1e300 ** 1e300 }}"),

            // out of reach
            ("class of a text", "{{ ''.__class__ }}"),
            ("class by attr", "{{ ''|attr('__class__') }}"),
            ("class by subscript", "{{ ''['__class__'] }}"),
            ("class by map", "{{ ['']|map(attribute='__class__')|list }}"),
            ("subclasses", "{{ ().__class__.__bases__[0].__subclasses__() }}"),
            ("globals of a function", "{{ range.__globals__ }}"),
            ("init of the namespace", "{{ namespace.__init__.__globals__['os'].popen('id').read() }}"),
            ("class by format", "{{ '{0.__class__}'.format('') }}"),
            ("cycler's globals", "{{ cycler.__init__.__globals__.os }}"),
            ("self", "{{ self._TemplateReference__context }}"),
            ("include", "{% include '/etc/passwd' %}"),
            ("import", "{% import 'os' as os %}"),
            ("from import", "{% from 'os' import system %}"),
            ("extends", "{% extends 'base' %}"),
            ("change of the input", "{{ messages.append(1) }}"),
            ("change of a dictionary", "{{ {}.update(a=1) }}"),

            // nesting and syntax
            ("deep brackets", "{{ " + Many("(", 100_000) + "1" + Many(")", 100_000) + " }}"),
            ("deep lists", "{{ " + Many("[", 100_000)),
            ("deep dictionaries", "{{ " + Many("{1:", 80_000)),
            ("deep calls", "{{ " + Many("f(", 100_000)),
            ("deep subscripts", "{{ " + Many("a[", 100_000)),
            ("deep filters' arguments", "{{ " + Many("a|d(", 60_000)),
            ("deep tests' arguments", "{{ " + Many("a is eq(", 30_000)),
            ("deep ifs", Many("{% if 1 %}", 20_000)),
            ("deep fors", Many("{% for a in b %}", 15_000)),
            ("deep else-ifs", Many("{% if 0 %}{% else %}", 12_000)),
            ("long chain of calls of nothing", "{{ " + Many("x()", 1) + Many("()", 100_000) + " }}"),
            ("long chain of attributes of nothing", "{{ x" + Many(".a", 100_000) + " }}"),
            ("unclosed tag", "{{ 1"),
            ("unclosed block", "{% if 1 %}x"),
            ("unclosed text", "{{ 'x"),
            ("unclosed comment", Many("{# ", 50_000)),
            ("unclosed raw", Many("{% raw %}", 20_000)),
            ("many unclosed tags", Many("{{", 100_000)),
            ("closed and not opened", "{{ ) }}"),
            ("an escape without digits", "{{ '\\x' }}"),
            ("too long", new string('x', 300_000)),
            ("NUL in a tag", "{{ \0 }}"),
        ];
        return templates.Select(t => new TestCaseData(t.Template).SetArgDisplayNames(t.Name));
    }

    [TestCaseSource(nameof(Templates))]
    public void Render_HostileTemplate_EndsInATypedErrorSoon(string template)
    {
        using JsonDocument input = JsonDocument.Parse("""{"messages": [{"role": "user", "content": "x"}]}""");
        (Exception? error, TimeSpan time) = Attempt(template, ChatTemplateInput.FromJson(input.RootElement));
        Assert.That(error, Is.TypeOf<ChatTemplateException>());
        Assert.That(time, Is.LessThan(Limit));
        TestContext.Out.WriteLine($"{time.TotalMilliseconds:F0} ms: {error!.Message}");
    }

    // Long chains are not deep trees: these must work.
    private static IEnumerable<TestCaseData> LongTemplates() => new (string Name, string Template, string Expected)[]
    {
        ("sum", "{{ 0" + Many(" + 1", 50_000) + " }}", "50000"),
        ("not", "{{ " + Many("not ", 50_001) + "1 }}", "False"),
        ("signs", "{{ " + Many("-", 50_001) + "1 }}", "-1"),
        ("and", "{{ 1" + Many(" and 1", 30_000) + " }}", "1"),
        ("concatenation", "{{ ''" + Many(" ~ 'a'", 30_000) + " }}", Many("a", 30_000)),
        ("comparison", "{{ 1" + Many(" == 1", 30_000) + " }}", "True"),
        ("filters", "{{ 'a'" + Many("|trim", 40_000) + " }}", "a"),
        ("inline ifs", "{{ 0" + Many(" if 0 else 1", 20_000) + " }}", "1"),
        ("else-ifs", "{% if 0 %}" + Many("{% elif 0 %}", 20_000) + "{% else %}x{% endif %}", "x"),
        ("texts side by side", "{{ " + Many("'a' ", 40_000) + " }}", Many("a", 40_000)),
    }.Select(t => new TestCaseData(t.Template, t.Expected).SetArgDisplayNames(t.Name));

    [TestCaseSource(nameof(LongTemplates))]
    public void Render_LongChain_NeedsNoStack(string template, string expected)
    {
        string? text = null;
        (Exception? error, _) = Attempt(template, new ChatTemplateInput(), rendered => text = rendered);
        Assert.That(error, Is.Null);
        Assert.That(text, Is.EqualTo(expected));
    }

    [Test]
    public void FromJson_DeeplyNestedVariable_IsATypedError()
    {
        using JsonDocument input = JsonDocument.Parse(
            "{\"messages\": " + Many("[", 500) + Many("]", 500) + "}", new JsonDocumentOptions { MaxDepth = 1_000 });
        Assert.That(Attempt("{{ messages }}", ChatTemplateInput.FromJson(input.RootElement)).Error, Is.TypeOf<ChatTemplateException>());
    }

    [TestCase("""{"messages": "\ud800"}""")]                 // half of a surrogate pair
    [TestCase("""{"messages": {"\ud800": 1}}""")]
    [TestCase("""{"\ud800": 1}""")]
    [TestCase("[]")]
    [TestCase("1")]
    [TestCase("null")]
    public void FromJson_NoConversation_IsATypedError(string json)
    {
        using JsonDocument input = JsonDocument.Parse(json);
        Assert.That(
            () => ChatTemplate.Parse("{{ messages }}").Render(ChatTemplateInput.FromJson(input.RootElement)),
            Throws.TypeOf<ChatTemplateException>());
    }

    [Test]
    public void Render_MutatedTemplates_GiveTextOrATypedError()
    {
        string[] seeds =
        [
            "{%- for m in messages %}{{ m.role ~ ': ' + m['content'][1:-1] | trim }}{% if not loop.last %},{% endif %}{%- endfor -%}",
            "{% macro f(a, b=2) %}{{ a|default('x') }}{{ caller() if caller }}{% endmacro %}{% call f(1) %}z{% endcall %}{{ f(messages|length, b=[1, 2.5e3]) }}",
            "{% set ns = namespace(x=0) %}{% set ns.x = ns.x + 3 % 2 ** 2 // 1 %}{{ {'a': ns.x, 1: none}|tojson(indent=2) }}{{ '%5.2f' % 3 }}{# c #}{% raw %}{{{% endraw %}",
            "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|join(', ')|upper|replace('A', 'b')|indent(2) }}{{ range(1, 9, 2)|sort(reverse=true)|batch(2)|list }}",
            "{% filter upper %}{% with q = 'a,b'.split(',', 1) %}{{ q[-1] in 'abc' and q is not none or q is sequence }}{{ '{} {}'.format(1, q) }}{% endwith %}{% endfilter %}",
        ];
        string[] parts = ["{{", "}}", "{%", "%}", "-", "(", ")", "[", "]", "'", "|", ".", "1", "0", "-1", " is ", " in ", "none", "messages", "*", "%", ":", "\n", "\\", "{", "}", "😀", "99999999999"];
        using JsonDocument input = JsonDocument.Parse("""{"messages": [{"role": "user", "content": "a 😀 b"}, {"role": "assistant", "content": null}]}""");
        ChatTemplateInput conversation = ChatTemplateInput.FromJson(input.RootElement);
        Random random = new(2);
        int rendered = 0;
        for (int i = 0; i < 6_000; i++)
        {
            StringBuilder mutated = new(seeds[i % seeds.Length]);
            for (int edits = random.Next(1, 5); edits > 0; edits--)
            {
                int at = random.Next(mutated.Length);
                switch (random.Next(3))
                {
                    case 0:
                        mutated.Remove(at, Math.Min(random.Next(1, 6), mutated.Length - at));
                        break;
                    case 1:
                        mutated.Insert(at, parts[random.Next(parts.Length)]);
                        break;
                    default:
                        string copy = mutated.ToString(at, Math.Min(random.Next(1, 12), mutated.Length - at));
                        mutated.Insert(random.Next(mutated.Length), copy);
                        break;
                }
            }

            string template = mutated.ToString();
            try
            {
                ChatTemplate.Parse(template).Render(conversation);
                rendered++;
            }
            catch (ChatTemplateException)
            {
                // what a broken template should end in
            }
            catch (Exception e)
            {
                Assert.Fail($"{template}\n{e}");
            }
        }

        Assert.That(rendered, Is.GreaterThan(300), "The mutations leave too few templates to run.");
    }

    [TestCase("a\n\n{{ 1 / 0 }}", 3)]
    [TestCase("{% if 1 %}\n{{ x.y.z }}\n{% endif %}", 2)]
    [TestCase("{{ 'a\n\nb' }}\n{% nope %}", 4)]
    [TestCase("{#\n#}\n{{ raise_exception('no') }}", 3)]
    [TestCase("{% raw %}\n\n{% endraw %}\n{{ ) }}", 4)]
    [TestCase("{% macro m() %}\n{{ 1 + 'a' }}\n{% endmacro %}\n\n{{ m() }}", 2)]
    [TestCase("{{ '\\\n' }}\n{{", 3)]
    public void Errors_NameTheLine(string template, int line)
    {
        ChatTemplateException? error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template).Render(new ChatTemplateInput()));
        Assert.That(error!.Line, Is.EqualTo(line), error.Message);
    }

    private static (Exception? Error, TimeSpan Time) Attempt(string template, ChatTemplateInput input, Action<string>? use = null)
    {
        Exception? error = null;
        Stopwatch watch = new();
        Thread thread = new(
            () =>
            {
                watch.Start();
                try
                {
                    string text = ChatTemplate.Parse(template).Render(input);
                    use?.Invoke(text);
                }
                catch (Exception e)
                {
                    error = e;
                }

                watch.Stop();
            },
            StackBytes);
        thread.Start();
        thread.Join();
        return (error, watch.Elapsed);
    }
}
