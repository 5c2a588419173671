using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Equality, order and membership as Python has them. Recursive no deeper than a value may be nested.</summary>
internal static class Comparisons
{
    /// <summary>Equality; values of different kinds are unequal, but 1, 1.0 and true are equal.</summary>
    internal static bool AreEqual(RenderContext context, object? left, object? right)
    {
        context.Step();
        switch (left, right)
        {
            case (string a, string b):
                context.Search(a.Length == b.Length ? a.Length : 0);
                return a == b;
            case (TemplateList a, TemplateList b):
                return ReferenceEquals(a, b) || AreEqual(context, a, b);
            case (TemplateDictionary a, TemplateDictionary b):
                return ReferenceEquals(a, b) || AreEqual(context, a, b);
            case (BigInteger a, BigInteger b):
                return a == b;
        }

        return Numbers.TryInteger(left, out long x) && Numbers.TryInteger(right, out long y) ? x == y
            : Numbers.TryDouble(left, out double p) && Numbers.TryDouble(right, out double q) ? p == q
            : left is null ? right is null
            : left.Equals(right);
    }

    /// <summary>Order of two numbers, two texts or two lists: negative, zero or positive.</summary>
    internal static int Compare(RenderContext context, object? left, object? right)
    {
        context.Step();
        if (left is string a && right is string b)
        {
            context.Search(Math.Min(a.Length, b.Length));
            return CodePoints.Compare(a, b);
        }

        if (Numbers.TryInteger(left, out long x) && Numbers.TryInteger(right, out long y))
        {
            return x.CompareTo(y);
        }

        if (Numbers.TryDouble(left, out double p) && Numbers.TryDouble(right, out double q))
        {
            return p.CompareTo(q);
        }

        if (left is TemplateList first && right is TemplateList second && first.IsTuple == second.IsTuple)
        {
            for (int i = 0; i < Math.Min(first.Items.Count, second.Items.Count); i++)
            {
                if (!AreEqual(context, first.Items[i], second.Items[i]))
                {
                    return Compare(context, first.Items[i], second.Items[i]);
                }
            }

            return first.Items.Count.CompareTo(second.Items.Count);
        }

        throw context.Fail(
            $"{TypeNames.Of(left)} and {TypeNames.Of(right)} have no order.{Reason(left)}{Reason(right)}");
    }

    /// <summary>Is <paramref name="item"/> part of a text, an item of a list or a key of a dictionary?</summary>
    internal static bool Contains(RenderContext context, object? container, object? item)
    {
        switch (container)
        {
            case string text:
                return item is string part
                    ? TextSearch.IndexOf(context, text, part, 0) >= 0
                    : throw context.Fail($"{TypeNames.Of(item)} cannot be 'in' a text.{Reason(item)}");
            case TemplateDictionary dictionary:
                return dictionary.TryGet(context, item, out _);
            case TemplateList list:
                foreach (object? other in list.Items)
                {
                    if (AreEqual(context, other, item))
                    {
                        return true;
                    }
                }

                return false;
            case Undefined:
                return false;
            default:
                throw context.Fail($"Nothing can be 'in' {TypeNames.Of(container)}.");
        }
    }

    /// <summary>Applies an operator by its text.</summary>
    internal static bool Apply(RenderContext context, string op, object? left, object? right) => op switch
    {
        "==" => AreEqual(context, left, right),
        "!=" => !AreEqual(context, left, right),
        "in" => Contains(context, right, left),
        "not in" => !Contains(context, right, left),
        _ when IsNaN(left) || IsNaN(right) => false,
        "<" => Compare(context, left, right) < 0,
        "<=" => Compare(context, left, right) <= 0,
        ">" => Compare(context, left, right) > 0,
        _ => Compare(context, left, right) >= 0,
    };

    /// <summary>Why a value is undefined, as the end of an error message.</summary>
    internal static string Reason(object? value) => value is Undefined undefined ? $" {undefined.Reason}" : "";

    private static bool IsNaN(object? value) => value is double.NaN;

    private static bool AreEqual(RenderContext context, TemplateList left, TemplateList right)
    {
        bool equal = left.IsTuple == right.IsTuple && left.Items.Count == right.Items.Count;
        for (int i = 0; equal && i < left.Items.Count; i++)
        {
            equal = AreEqual(context, left.Items[i], right.Items[i]);
        }

        return equal;
    }

    private static bool AreEqual(RenderContext context, TemplateDictionary left, TemplateDictionary right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach ((object? key, object? value) in left.Items)
        {
            if (!right.TryGet(context, key, out object? other) || !AreEqual(context, value, other))
            {
                return false;
            }
        }

        return true;
    }
}
