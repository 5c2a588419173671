using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Turns a rendering's input into the interpreter's variables. Does not count as the template's steps.</summary>
internal static class InputValues
{
    private const int MaxIntegerDigits = 1_000;

    /// <summary>A scope with all variables of an input.</summary>
    internal static Scope ScopeOf(ChatTemplateInput input)
    {
        Scope scope = new(null);
        scope.Set("tools", null); // what Hugging Face passes when there are none
        scope.Set("documents", null);
        scope.Set("add_generation_prompt", input.AddGenerationPrompt);
        if (input.BosToken is not null)
        {
            scope.Set("bos_token", input.BosToken);
        }

        if (input.EosToken is not null)
        {
            scope.Set("eos_token", input.EosToken);
        }

        if (input.Messages is not null)
        {
            scope.Set("messages", OfMessages(input.Messages));
        }

        foreach ((string name, JsonElement value) in input.Variables)
        {
            scope.Set(name, Of(value, name, 0));
        }

        return scope;
    }

    /// <summary>A context without a template's budget: the input's size is the caller's business.</summary>
    private static RenderContext Unbounded() => new(TimeProvider.System, maxSteps: long.MaxValue);

    private static TemplateList OfMessages(IReadOnlyList<ChatMessage> messages)
    {
        RenderContext context = Unbounded();
        object?[] items = new object?[messages.Count];
        for (int i = 0; i < items.Length; i++)
        {
            ChatMessage message = messages[i] ?? throw new ChatTemplateException($"Message {i} is null.");
            items[i] = new TemplateDictionary(
                context, [KeyValuePair.Create<object?, object?>("role", message.Role), KeyValuePair.Create<object?, object?>("content", message.Content)]);
        }

        return new TemplateList(context, items);
    }

    /// <summary>Recursive, but no deeper than <see cref="TemplateLimits.Depth"/>.</summary>
    private static object? Of(JsonElement element, string name, int depth)
    {
        if (depth > TemplateLimits.Depth)
        {
            throw new ChatTemplateException($"The variable '{name}' is nested more than {TemplateLimits.Depth} deep.");
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                List<KeyValuePair<object?, object?>> members = [];
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    members.Add(KeyValuePair.Create<object?, object?>(Text(() => property.Name, name), Of(property.Value, name, depth + 1)));
                }

                return new TemplateDictionary(Unbounded(), members);
            case JsonValueKind.Array:
                List<object?> items = new(element.GetArrayLength());
                foreach (JsonElement item in element.EnumerateArray())
                {
                    items.Add(Of(item, name, depth + 1));
                }

                return new TemplateList(Unbounded(), items);
            case JsonValueKind.String:
                return Text(() => element.GetString()!, name);
            case JsonValueKind.Number:
                return Number(element, name);
            case JsonValueKind.True:
            case JsonValueKind.False:
                return element.ValueKind == JsonValueKind.True;
            default:
                return null;
        }
    }

    /// <summary>Reads a JSON text, which may hold half of a surrogate pair.</summary>
    internal static string Text(Func<string> read, string name)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new ChatTemplateException($"The variable '{name}' has a text with half of a surrogate pair.", 0, e);
        }
    }

    private static object Number(JsonElement element, string name)
    {
        if (element.TryGetInt64(out long integer))
        {
            return integer;
        }

        string text = element.GetRawText();
        if (text.AsSpan().IndexOfAny(".eE") >= 0)
        {
            return element.GetDouble();
        }

        return text.Length <= MaxIntegerDigits
            ? BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : throw new ChatTemplateException($"The variable '{name}' has an integer of {text.Length} digits; the limit is {MaxIntegerDigits}.");
    }
}
