namespace LongContext.Accuracy.Ruler;

/// <summary>One text with a question that it answers.</summary>
/// <param name="Context">What is read: an introduction and the long text.</param>
/// <param name="Question">What is asked after it.</param>
/// <param name="AnswerPrefix">How the answer begins; the model goes on from there.</param>
/// <param name="Answers">What the answer must contain, or for questions about documents, any of which.</param>
internal sealed record RulerSample(string Context, string Question, string AnswerPrefix, IReadOnlyList<string> Answers);
