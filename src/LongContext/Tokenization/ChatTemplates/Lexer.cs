namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Cuts a template into text and tags, and applies the white-space rules. Knows nothing of grammar.</summary>
/// <remarks>
/// The rules of Jinja with <c>trim_blocks</c> and <c>lstrip_blocks</c>, as Hugging Face sets it up: the newline after a block or comment tag
/// goes, and so do blanks between a line's start and such a tag; <c>-</c> strips all white space on its side, <c>+</c> keeps it;
/// one newline at the template's end goes.
/// </remarks>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _lineStarting = true;

    private Lexer(string source) => _source = source;

    /// <summary>The template's tokens; the last is <see cref="TokenKind.End"/>.</summary>
    internal static List<Token> Tokenize(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Lexer lexer = new(source.EndsWith('\n') ? source[..^1] : source);
        while (lexer._position < lexer._source.Length)
        {
            lexer.ReadTextAndTag();
        }

        lexer._tokens.Add(new Token(TokenKind.End, "", lexer._line));
        return lexer._tokens;
    }

    private void ReadTextAndTag()
    {
        int tag = FindTag();
        if (tag < 0)
        {
            AddData(_source[_position..]);
            Advance(_source.Length);
            return;
        }

        char kind = _source[tag + 1];
        char sign = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : ' ';
        AddData(TrimEnd(_source[_position..tag], sign, isBlock: kind != '{'));
        Advance(tag);
        int begin = _line;
        Advance(tag + (sign == ' ' ? 2 : 3));
        switch (kind)
        {
            case '#':
                SkipComment(begin);
                break;
            case '%' when TrySkipRawTag("raw"):
                ReadRaw(begin);
                break;
            default:
                ReadTag(kind == '%', begin);
                break;
        }
    }

    private int FindTag()
    {
        for (int i = _position; (uint)i < (uint)_source.Length - 1; i++)
        {
            i = _source.IndexOf('{', i);
            if (i < 0 || i + 1 >= _source.Length)
            {
                return -1;
            }

            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private string TrimEnd(string text, char sign, bool isBlock)
    {
        if (sign == '-')
        {
            return PythonText.TrimEnd(text);
        }

        int lineStart = text.LastIndexOf('\n') + 1;
        bool strip = sign != '+' && isBlock && (lineStart > 0 || _lineStarting) && PythonText.IsBlank(text.AsSpan(lineStart));
        return strip ? text[..lineStart] : text;
    }

    private void SkipComment(int begin)
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new ChatTemplateException("A comment is not closed; end it with '#}'.", begin);
        }

        char sign = end > _position ? _source[end - 1] : ' ';
        Advance(end + 2);
        SkipAfterTag(sign, trimsNewline: true);
    }

    private void ReadRaw(int begin)
    {
        for (int i = _position; ; i++)
        {
            i = _source.IndexOf("{%", i, StringComparison.Ordinal);
            if (i < 0)
            {
                throw new ChatTemplateException("A raw block is not closed; end it with '{% endraw %}'.", begin);
            }

            int textStart = _position;
            int line = _line;
            char sign = i + 2 < _source.Length && _source[i + 2] is '-' or '+' ? _source[i + 2] : ' ';
            _position = i + (sign == ' ' ? 2 : 3);
            if (TrySkipRawTag("endraw"))
            {
                _lineStarting = false;
                AddData(TrimEnd(_source[textStart..i], sign, isBlock: true), line);
                _line += _source.AsSpan(textStart, i - textStart).Count('\n');
                _lineStarting = _position > 0 && _source[_position - 1] == '\n';
                return;
            }

            _position = textStart;
        }
    }

    /// <summary>Reads the rest of <c>{% name %}</c> if that is what stands here; otherwise moves nothing.</summary>
    private bool TrySkipRawTag(string name)
    {
        int i = SkipBlanks(_position);
        if (!_source.AsSpan(i).StartsWith(name, StringComparison.Ordinal))
        {
            return false;
        }

        i = SkipBlanks(i + name.Length);
        char sign = i < _source.Length && _source[i] is '-' or '+' ? _source[i] : ' ';
        int end = sign == ' ' ? i : i + 1;
        if (!_source.AsSpan(end).StartsWith("%}", StringComparison.Ordinal) || (sign == '+' && name == "raw"))
        {
            return false;
        }

        Advance(end + 2);
        SkipAfterTag(sign, trimsNewline: name == "endraw");
        return true;
    }

    private int SkipBlanks(int i)
    {
        while (i < _source.Length && PythonText.IsSpace(_source[i]))
        {
            i++;
        }

        return i;
    }

    private void ReadTag(bool isBlock, int begin)
    {
        _tokens.Add(new Token(isBlock ? TokenKind.BlockBegin : TokenKind.OutputBegin, isBlock ? "{%" : "{{", begin));
        TagLexer tag = new(_source, _position, _line, isBlock, _tokens);
        char sign = tag.Read(begin);
        _position = tag.Position;
        _line = tag.Line;
        SkipAfterTag(sign, trimsNewline: isBlock);
    }

    private void SkipAfterTag(char sign, bool trimsNewline)
    {
        int end = _position;
        if (sign == '-')
        {
            end = SkipBlanks(end);
        }
        else if (sign != '+' && trimsNewline && end < _source.Length && _source[end] == '\n')
        {
            end++;
        }

        Advance(end);
        _lineStarting = _source[_position - 1] == '\n';
    }

    private void AddData(string text, int? line = null)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new Token(TokenKind.Data, text, line ?? _line));
        }
    }

    private void Advance(int to)
    {
        _line += _source.AsSpan(_position, to - _position).Count('\n');
        _position = to;
    }
}
