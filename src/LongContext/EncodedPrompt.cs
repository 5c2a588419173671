namespace LongContext;

/// <summary>A prompt as token ids.</summary>
/// <param name="Ids">Context, then query; checked.</param>
/// <param name="ContextLength">How many of them are the context.</param>
internal readonly record struct EncodedPrompt(int[] Ids, int ContextLength);
