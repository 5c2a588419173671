using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class UsageTests
{
    private static readonly string[] Commands = ["inspect", "tokenize", "detokenize", "render", "logits", "run", "bench", "chat"];

    [Test]
    public void NoArguments_ShowHelpOnStandardError_AndAreBadInput()
    {
        CliResult result = Cli.Run();

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.Errors, Does.Contain("Usage:"));
    }

    [Test]
    public void Help_ListsEveryCommand()
    {
        CliResult result = Cli.Run("--help");

        Assert.That(result.ExitCode, Is.Zero);
        foreach (string command in Commands)
        {
            Assert.That(result.Output, Does.Match($@"(?m)^  {command} +\S"));
        }
    }

    [TestCaseSource(nameof(Commands))]
    public void Help_OfACommand_ShowsItsUsage(string command)
    {
        CliResult result = Cli.Run(command, "--help");

        Assert.That(result.ExitCode, Is.Zero);
        Assert.That(result.Output, Does.Contain($"Usage: LongContext.Cli {command}"));
        Assert.That(result.Output, Does.Contain("--json"));
    }

    [Test]
    public void Version_IsPrinted()
    {
        CliResult result = Cli.Run("--version");

        Assert.That(result.ExitCode, Is.Zero);
        Assert.That(result.Output, Does.Match(@"^\d+\.\d+\.\d+"));
    }

    [TestCase("Did you mean 'run'", "rum")]
    [TestCase("There is no command 'frobnicate'", "frobnicate")]
    [TestCase("Did you mean --prompt?", "run", "model", "--promt", "x")]
    [TestCase("has no option --text", "logits", "model", "--text", "x")]
    [TestCase("--prompt needs a value", "run", "model", "--prompt")]
    [TestCase("--prompt is given twice", "run", "model", "--prompt", "a", "--prompt", "b")]
    [TestCase("--json takes no value", "run", "model", "--json=yes")]
    [TestCase("needs a model", "run", "--prompt", "x")]
    [TestCase("takes one", "run", "model", "other", "--prompt", "x")]
    [TestCase("needs one of --prompt", "run", "model")]
    [TestCase("exclude each other", "run", "model", "--prompt", "x", "--ids", "1")]
    [TestCase("exclude each other", "run", "model", "--prompt", "x", "--query", "y", "--query-ids", "1")]
    [TestCase("--threads is 'many'", "run", "model", "--prompt", "x", "--threads", "many")]
    [TestCase("--threads is '-1'", "run", "model", "--prompt", "x", "--threads", "-1")]
    [TestCase("--max-tokens is '0'", "run", "model", "--prompt", "x", "--max-tokens", "0")]
    [TestCase("--context is '99999999999'", "run", "model", "--prompt", "x", "--context", "99999999999")]
    [TestCase("--temperature is 'NaN'", "run", "model", "--prompt", "x", "--temperature", "NaN")]
    [TestCase("--temperature is '0,7'", "run", "model", "--prompt", "x", "--temperature", "0,7")]
    [TestCase("must be f32 or bf16 or q8_0", "logits", "model", "--ids", "1", "--kv", "f16")]
    [TestCase("must be float32 or auto", "logits", "model", "--ids", "1", "--precision", "double")]
    [TestCase("must be full", "logits", "model", "--ids", "1", "--attention", "none")]
    [TestCase("'x' (number 2 of the list)", "logits", "model", "--ids", "1,x")]
    [TestCase("no token ids", "logits", "model", "--ids", ",")]
    [TestCase("Cannot read", "logits", "model", "--ids-file", "no-such-file")]
    public void BadCommandLine_IsExplainedOnStandardError_AndIsBadInput(string explanation, params string[] arguments)
    {
        CliResult result = Cli.Run(arguments);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(explanation));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase("inspect")]
    [TestCase("tokenize", "--text", "x")]
    [TestCase("detokenize", "--ids", "1")]
    [TestCase("logits", "--ids", "1")]
    [TestCase("run", "--prompt", "x")]
    [TestCase("bench")]
    public void ModelThatIsNotThere_IsNamed_AndIsBadInput(string command, params string[] rest)
    {
        CliResult result = Cli.Run([command, "/no/such/model", .. rest]);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain("/no/such/model"));
        Assert.That(result.Errors, Does.Not.Contain("   at "), "no stack trace");
    }

    [TestCase("inspect", "")]
    [TestCase("tokenize", "", "--text", "x")]
    [TestCase("bench", "MODEL", "--prompt-tokens", "2147483647", "--decode", "2147483647")]
    [TestCase("run", "MODEL", "--ids", "1", "--chunk", "2147483647")]
    [TestCase("tokenize", "MODEL", "--file", "/dev/zero")]
    public void ArgumentAtTheEdge_IsBadInput(params string[] arguments)
    {
        CliResult result = Cli.Run([.. arguments.Select(argument => argument == "MODEL" ? Cli.Model : argument)]);

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Errors);
        Assert.That(result.Errors, Does.StartWith("Error: ").And.Not.Contain("overflow"));
    }
}
