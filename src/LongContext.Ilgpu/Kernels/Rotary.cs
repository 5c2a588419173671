using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>Turns feature pairs by their angles, in place; one thread a (token, head, pair).</summary>
internal static class Rotary
{
    internal static void Kernel(Index1D index, ArrayView<float> x, ArrayView<float> cos, ArrayView<float> sin, RotaryShape shape)
    {
        int i = index;
        int pair = i % shape.Pairs;
        int row = i / shape.Pairs; // token · heads + head
        long angle = ((long)(row / shape.Heads) * shape.Pairs) + pair;
        long start = (long)row * shape.HeadDim;
        long first = start + (shape.Interleaved != 0 ? 2 * pair : pair);
        long second = start + (shape.Interleaved != 0 ? (2 * pair) + 1 : pair + shape.Pairs);
        float a = x[first];
        float b = x[second];
        x[first] = (a * cos[angle]) - (b * sin[angle]);
        x[second] = (b * cos[angle]) + (a * sin[angle]);
    }
}
