using System.Buffers;

namespace LongContext.Tokenization.AddedTokens;

/// <summary>Finds the longest token that begins at each place of a text, in one pass, in linear time.</summary>
/// <remarks>
/// Aho and Corasick's automaton over the reversed tokens, run from the end of the text: the longest match that ends (in that direction)
/// at a place is the longest that begins there in the text.
/// </remarks>
internal sealed class AddedTokenMatcher
{
    private const int Root = 0;

    private readonly Dictionary<ulong, int> _edges = [];
    private readonly List<int> _fallbacks = [Root];
    private readonly List<int> _longest = [-1];
    private readonly SearchValues<char> _lastCharacters;

    /// <summary>A matcher of the texts, which are not empty; of equal ones the first counts.</summary>
    internal AddedTokenMatcher(IReadOnlyList<string> texts)
    {
        _lastCharacters = SearchValues.Create([.. texts.Select(text => text[^1])]);
        for (int i = 0; i < texts.Count; i++)
        {
            Insert(texts[i], i);
        }

        LinkFallbacks();
    }

    /// <summary>The places where some text begins, from the last to the first, and the longest text there.</summary>
    internal void FindAll(ReadOnlySpan<char> text, List<(int Start, int Index)> matches)
    {
        int state = Root;
        for (int i = text.Length - 1; i >= 0; i--)
        {
            if (state == Root)
            {
                i = text[..(i + 1)].LastIndexOfAny(_lastCharacters);
                if (i < 0)
                {
                    return;
                }
            }

            state = Next(state, text[i]);
            if (_longest[state] >= 0)
            {
                matches.Add((i, _longest[state]));
            }
        }
    }

    private static ulong Edge(int state, char character) => ((ulong)(uint)state << 16) | character;

    private int Next(int state, char character)
    {
        int next;
        while (!_edges.TryGetValue(Edge(state, character), out next) && state != Root)
        {
            state = _fallbacks[state];
        }

        return next; // Root where even the root has no edge
    }

    private void Insert(string text, int index)
    {
        int state = Root;
        for (int i = text.Length - 1; i >= 0; i--)
        {
            ulong edge = Edge(state, text[i]);
            if (!_edges.TryGetValue(edge, out int next))
            {
                next = _longest.Count;
                _edges.Add(edge, next);
                _longest.Add(-1);
                _fallbacks.Add(Root);
            }

            state = next;
        }

        if (_longest[state] < 0)
        {
            _longest[state] = index;
        }
    }

    /// <summary>States are numbered parents before children, but not by depth: breadth first needs its own order.</summary>
    private void LinkFallbacks()
    {
        ILookup<int, (char Character, int Child)> children = _edges.ToLookup(e => (int)(e.Key >> 16), e => ((char)e.Key, e.Value));
        Queue<int> queue = new([Root]);
        while (queue.TryDequeue(out int state))
        {
            foreach ((char character, int child) in children[state])
            {
                queue.Enqueue(child);
                _fallbacks[child] = state == Root ? Root : Next(_fallbacks[state], character);
                if (_longest[child] < 0)
                {
                    _longest[child] = _longest[_fallbacks[child]];
                }
            }
        }
    }
}
