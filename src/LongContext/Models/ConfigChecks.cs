using LongContext.Models.Rotary;

namespace LongContext.Models;

/// <summary>What must hold between the fields of a configuration, whatever file it came from.</summary>
internal static class ConfigChecks
{
    /// <summary>Returns the configuration if it is sound.</summary>
    /// <exception cref="ModelFormatException">Two fields contradict each other, or a number is none.</exception>
    internal static ModelConfig Check(ModelConfig c, string file)
    {
        Require(c.HeadDim % 2 == 0, "head dimension", $"it is {c.HeadDim}; it must be even, since rotary embedding turns pairs.");
        Require(
            c.QHeads % c.KVHeads == 0, "key/value heads",
            $"{c.KVHeads} key/value heads do not divide {c.QHeads} query heads.");
        Require(
            float.IsFinite(c.RmsNormEpsilon) && c.RmsNormEpsilon is >= 0 and < 1, "RMS norm epsilon",
            $"it is {c.RmsNormEpsilon}; it must be at least 0 and below 1.");
        Require(
            float.IsFinite(c.AttentionScale) && c.AttentionScale > 0, "attention scale",
            $"it is {c.AttentionScale}; it must be positive and finite.");
        Require(
            float.IsFinite(c.AttentionSoftCap) && c.AttentionSoftCap >= 0, "attention soft cap",
            $"it is {c.AttentionSoftCap}; it must be positive, or 0 for none.");
        Require(
            float.IsFinite(c.LogitSoftCap) && c.LogitSoftCap >= 0, "logit soft cap",
            $"it is {c.LogitSoftCap}; it must be positive, or 0 for none.");
        Require(
            c.LayerWindows.Count == 0 || c.LayerWindows.Count == c.Layers, "sliding windows",
            $"there are {c.LayerWindows.Count} for {c.Layers} layers.");
        CheckRotary(c.Rotary);
        if (c.LocalRotary is { } local)
        {
            CheckRotary(local);
        }

        return c;

        void CheckRotary(RotaryParameters rotary)
        {
            Require(
                double.IsFinite(rotary.Theta) && rotary.Theta > 1, "rotary theta",
                $"it is {rotary.Theta}; it must be finite and above 1.");
            Require(
                rotary.Dimensions > 0 && rotary.Dimensions % 2 == 0 && rotary.Dimensions <= c.HeadDim, "rotary dimensions",
                $"{rotary.Dimensions} of {c.HeadDim} features turn; it must be a positive even number of them.");
            double factor = rotary.Scaling.AttentionFactor;
            Require(
                double.IsFinite(factor) && factor > 0, "rotary attention factor", $"it is {factor}; it must be positive and finite.");
            double[] frequencies = rotary.Scaling.InverseFrequencies(rotary.Theta, rotary.Dimensions, c.MaxContextLength);
            Require(
                frequencies.Length == rotary.Dimensions / 2 && frequencies.All(f => double.IsFinite(f) && f > 0), "rotary frequencies",
                $"theta {rotary.Theta} and its scaling do not give {rotary.Dimensions / 2} positive frequencies.");
        }

        void Require(bool holds, string field, string reason)
        {
            if (!holds)
            {
                throw new ModelFormatException(file, field, reason);
            }
        }
    }
}
