namespace LongContext.Sampling;

/// <summary>Finds stop sequences in a text that comes in pieces, and holds back what may still become one. Linear time in the text.</summary>
/// <remarks>
/// An Aho-Corasick automaton over characters. The sequence that is complete first wins, the longest one if several end together: the
/// result does not depend on how the text is cut into pieces. At most the longest sequence less one character is held back.
/// </remarks>
internal sealed class StopSequenceMatcher
{
    private readonly IReadOnlyList<string> _stops;
    private readonly Dictionary<(int Node, char Next), int> _children = [];
    private readonly List<Node> _nodes = [new Node(0, 0, 0)];
    private int _node;
    private bool _stopped;

    /// <summary>A matcher of the given sequences, none of them empty.</summary>
    internal StopSequenceMatcher(IReadOnlyList<string> stops)
    {
        _stops = stops;
        for (int s = 0; s < stops.Count; s++)
        {
            ArgumentException.ThrowIfNullOrEmpty(stops[s]);
            AddPath(s);
        }

        LinkFailures();
    }

    /// <summary>Takes a piece of text.</summary>
    /// <returns>What may be shown now, and whether a stop sequence is complete: then nothing more is ever shown.</returns>
    internal (string Emit, bool Stopped) Append(string text)
    {
        if (_stopped || _stops.Count == 0)
        {
            return (_stopped ? "" : text, _stopped);
        }

        ReadOnlySpan<char> held = Held();
        for (int i = 0; i < text.Length; i++)
        {
            Step(text[i]);
            int match = _nodes[_node].MatchLength;
            if (match > 0)
            {
                _stopped = true;
                return (Shown(held, text, held.Length + i + 1 - match), true);
            }
        }

        return (Shown(held, text, held.Length + text.Length - _nodes[_node].Depth), false);
    }

    /// <summary>What was held back, when no more text will come; empty after a stop.</summary>
    internal string Flush()
    {
        string held = _stopped ? "" : Held().ToString();
        _node = 0;
        return held;
    }

    private static string Shown(ReadOnlySpan<char> held, string text, int length) =>
        length <= held.Length ? held[..length].ToString()
        : held.IsEmpty && length == text.Length ? text // as nearly always: nothing is copied
        : string.Concat(held, text.AsSpan(0, length - held.Length));

    private ReadOnlySpan<char> Held() => _stops.Count == 0 ? "" : _stops[_nodes[_node].Stop].AsSpan(0, _nodes[_node].Depth);

    private void Step(char next)
    {
        int child;
        while (!_children.TryGetValue((_node, next), out child))
        {
            if (_node == 0)
            {
                return;
            }

            _node = _nodes[_node].Failure;
        }

        _node = child;
    }

    private void AddPath(int stop)
    {
        int node = 0;
        foreach (char c in _stops[stop])
        {
            if (!_children.TryGetValue((node, c), out int child))
            {
                child = _nodes.Count;
                _children.Add((node, c), child);
                _nodes.Add(new Node(_nodes[node].Depth + 1, stop, node));
            }

            node = child;
        }

        _nodes[node].MatchLength = _nodes[node].Depth;
    }

    private void LinkFailures()
    {
        // By rising depth: a node's failure is shallower, so it is ready when it is needed.
        int[] order = [.. Enumerable.Range(1, _nodes.Count - 1).OrderBy(n => _nodes[n].Depth)];
        foreach (int n in order)
        {
            Node node = _nodes[n];
            char last = _stops[node.Stop][node.Depth - 1];
            int candidate = _nodes[node.Parent].Failure;
            int failure = 0;
            while (node.Depth > 1 && !_children.TryGetValue((candidate, last), out failure) && candidate != 0)
            {
                candidate = _nodes[candidate].Failure;
            }

            node.Failure = failure;
            node.MatchLength = node.MatchLength > 0 ? node.MatchLength : _nodes[failure].MatchLength;
        }
    }

    /// <summary>A prefix of a stop sequence.</summary>
    private sealed class Node(int depth, int stop, int parent)
    {
        internal int Depth { get; } = depth;

        internal int Stop { get; } = stop;

        internal int Parent { get; } = parent;

        internal int Failure { get; set; }

        /// <summary>Length of the longest stop sequence that ends here; 0 if none does.</summary>
        internal int MatchLength { get; set; }
    }
}
