// Generates text with the packed packages: reads a small text with a fact in it and asks for the fact.
using LongContext;
using LongContext.Distributed.Mpi;
using LongContext.Extensions.AI;
using Microsoft.Extensions.AI;

if (args is not [string model])
{
    Console.Error.WriteLine("usage: Smoke MODEL_FOLDER");
    return 2;
}

await using InferenceSession session = await InferenceSession.CreateBuilder().UseModel(model).UseContextLength(1024).BuildAsync();

string filler = string.Concat(Enumerable.Repeat("The night was long and the road went on. ", 12));
string answer = "";
await foreach (GenerationUpdate update in session.StreamAsync(
    new Prompt($"{filler}[SET][K5][V77] {filler}", "[GET][K5]"), new GenerationOptions { MaxNewTokens = 1 }))
{
    answer += update.Text;
}

using IChatClient client = session.AsIChatClient();
string? name = client.GetService<ChatClientMetadata>()?.DefaultModelId;
Console.WriteLine($"model {name}, answer {answer}, MPI {(MpiLibrary.IsAvailable ? "found" : "absent")}");
return answer == "[V77]" && name == session.Model.Architecture ? 0 : 1;
