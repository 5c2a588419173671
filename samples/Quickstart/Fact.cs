namespace LongContext.Samples.Quickstart;

/// <summary>Something hidden in the text, and how to ask for it in the little language of the model (model/README.md).</summary>
/// <param name="Statement">What is written into the text: <c>[SET][K17][V93]</c> gives key 17 the value 93; <c>[LET][K4][K17]</c> says that key 4 means what key 17 means.</param>
/// <param name="Question">What the model is asked: <c>[GET][K4]</c>.</param>
/// <param name="Answer">What it has to say: <c>[V93]</c>.</param>
/// <param name="Links">Statements that must be found and joined to answer: 1 to 3.</param>
internal sealed record Fact(string Statement, string Question, string Answer, int Links);
