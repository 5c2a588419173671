using System.Text.Json;
using LongContext.Loading;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads a component of tokenizer.json that may be a Sequence of others, as one flat list in order.</summary>
internal static class ComponentList
{
    private const int MaxSteps = 64;

    /// <summary>The simple components under <paramref name="key"/>; none if the key is absent or null.</summary>
    /// <param name="tokenizer">tokenizer.json.</param>
    /// <param name="key">"normalizer" and so on.</param>
    /// <param name="childrenKey">Where a Sequence has its parts.</param>
    internal static IReadOnlyList<JsonConfig> Read(JsonConfig tokenizer, string key, string childrenKey)
    {
        List<JsonConfig> steps = [];
        Stack<JsonConfig> waiting = new();
        if (tokenizer.GetObject(key) is { } root)
        {
            waiting.Push(root);
        }

        while (waiting.TryPop(out JsonConfig? step))
        {
            if (steps.Count + waiting.Count >= MaxSteps)
            {
                throw new ModelFormatException(tokenizer.File, key, $"more than {MaxSteps} steps.");
            }

            if (step.RequireString("type") != "Sequence")
            {
                steps.Add(step);
                continue;
            }

            foreach (JsonConfig child in Children(step, childrenKey).Reverse())
            {
                waiting.Push(child);
            }
        }

        return steps;
    }

    /// <summary>The objects in an array; none if it is absent or null.</summary>
    internal static IEnumerable<JsonConfig> Children(JsonConfig parent, string key)
    {
        if (!parent.Root.TryGetProperty(key, out JsonElement array) || array.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return array.ValueKind == JsonValueKind.Array && array.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Object)
            ? array.EnumerateArray().Select((e, i) => new JsonConfig($"{parent.File}/{key}/{i}", e))
            : throw new ModelFormatException(parent.File, key, "expected an array of objects.");
    }

    /// <summary>Says that a component is of a type that is not implemented.</summary>
    internal static UnsupportedModelException Unsupported(JsonConfig component, string kind, string supported) =>
        new($"{component.File}: {kind} '{component.GetString("type")}'", supported);
}
