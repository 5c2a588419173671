using System.Text.Json;

namespace LongContext.Accuracy.Ruler;

/// <summary>A question about one of many documents, from a file in SQuAD's format.</summary>
/// <remarks>Distractors are other paragraphs of the same article first, then of others. Questions that have no answer are left out.</remarks>
internal sealed class DocumentQuestionTask : RulerTask
{
    private readonly List<string[]> _articles = []; // paragraphs of each
    private readonly List<(int Article, int Paragraph, string Question, string[] Answers)> _questions = [];

    internal DocumentQuestionTask(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonElement article in document.RootElement.GetProperty("data").EnumerateArray())
        {
            List<string> paragraphs = [];
            foreach (JsonElement paragraph in article.GetProperty("paragraphs").EnumerateArray())
            {
                paragraphs.Add(paragraph.GetProperty("context").GetString()!);
                foreach (JsonElement question in paragraph.GetProperty("qas").EnumerateArray())
                {
                    string[] answers = [.. question.GetProperty("answers").EnumerateArray().Select(a => a.GetProperty("text").GetString()!).Distinct()];
                    bool impossible = question.TryGetProperty("is_impossible", out JsonElement flag) && flag.GetBoolean();
                    if (answers.Length > 0 && !impossible)
                    {
                        _questions.Add((_articles.Count, paragraphs.Count - 1, question.GetProperty("question").GetString()!, answers));
                    }
                }
            }

            _articles.Add([.. paragraphs]);
        }

        if (_questions.Count == 0)
        {
            throw new FormatException("The file has no question with an answer.");
        }
    }

    internal override string Name => "qa_1";

    internal override int TokensToGenerate => 32;

    internal override int Step => 1;

    internal override int MaxSize => _articles.Sum(a => a.Length);

    internal override RulerSample Make(int size, int length, Random random)
    {
        (int article, int gold, string question, string[] answers) = _questions[random.Next(_questions.Count)];
        string[] others = [.. _articles.Where((_, i) => i != article).SelectMany(a => a)];
        random.Shuffle(others);
        string[] documents = [.. _articles[article].Where((_, i) => i != gold).Concat(others).Take(size - 1), _articles[article][gold]];
        random.Shuffle(documents);
        string text = string.Join("\n\n", documents.Select((d, i) => $"Document {i + 1}:\n{d}"));
        return new RulerSample(
            $"Answer a question with the help of the following documents. Give the answer alone, without other words.\n\n{text}\n\n",
            $"Question: {question}", " Answer:", answers);
    }

    internal override double Score(string answer, IReadOnlyList<string> expected) =>
        expected.Any(e => answer.Contains(e, StringComparison.OrdinalIgnoreCase)) ? 1 : 0;
}
