namespace LongContext.Attention;

/// <summary>Keys whose squared weights are summed.</summary>
internal enum RecallPart
{
    /// <summary>All keys of earlier blocks that could be selected.</summary>
    Earlier,

    /// <summary>Those of them that were.</summary>
    Selected,
}
