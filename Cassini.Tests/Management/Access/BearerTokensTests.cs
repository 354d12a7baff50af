using Cassini.Management.Access;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Access;

public sealed class BearerTokensTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly VirtualClock _clock = new();

    private const string Setting = "Management:TokenPath";

    private string TokenPath => _directory.File("tokens");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Accept_SeveralLines_EachIsAToken()
    {
        var tokens = await OfAsync("# the old one, until Friday\r\nold\r\n\r\n  new  \n");

        (await tokens.AcceptAsync("old")).ShouldBeTrue();
        (await tokens.AcceptAsync("new")).ShouldBeTrue();
        (await tokens.AcceptAsync("# the old one, until Friday")).ShouldBeFalse();
        (await tokens.AcceptAsync("")).ShouldBeFalse();
        (await tokens.AcceptAsync("ol")).ShouldBeFalse();
        (await tokens.AcceptAsync("OLD")).ShouldBeFalse();
    }

    [Fact]
    public async Task Accept_FileChanges_CountsWithinASecond()
    {
        var tokens = await OfAsync("old");
        File.WriteAllText(TokenPath, "new");

        (await tokens.AcceptAsync("new")).ShouldBeFalse();
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        (await tokens.AcceptAsync("new")).ShouldBeTrue();
        (await tokens.AcceptAsync("old")).ShouldBeFalse();
    }

    [Fact]
    public async Task Accept_FileIsRemoved_AcceptsNoTokenUntilItIsBack()
    {
        var tokens = await OfAsync("token");
        File.Delete(TokenPath);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        (await tokens.AcceptAsync("token")).ShouldBeFalse();

        File.WriteAllText(TokenPath, "token");
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        (await tokens.AcceptAsync("token")).ShouldBeTrue();
    }

    [Fact]
    public async Task Accept_SymlinkSwapped_AsInAKubernetesMount_CountsTheNewTarget()
    {
        File.WriteAllText(_directory.File("one"), "one");
        File.WriteAllText(_directory.File("two"), "two");
        File.CreateSymbolicLink(TokenPath, _directory.File("one"));
        var tokens = await LoadedAsync(null);
        File.Delete(TokenPath);
        File.CreateSymbolicLink(TokenPath, _directory.File("two"));
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));

        (await tokens.AcceptAsync("two")).ShouldBeTrue();
        (await tokens.AcceptAsync("one")).ShouldBeFalse();
    }

    /// <summary>
    /// A pipe without a writer never answers: callers wait by the clock that was given, on no thread, and none is accepted.
    /// </summary>
    [Fact]
    public async Task Accept_FileBecomesAPipe_AcceptsNoTokenAndBlocksNoCaller()
    {
        Programs.Require("mkfifo");
        var tokens = await OfAsync("token");
        File.Delete(TokenPath);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [TokenPath]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        var answer = tokens.AcceptAsync("token");
        answer.IsCompleted.ShouldBeFalse();
        (await tokens.AcceptAsync("token")).ShouldBeTrue("a caller that asks meanwhile is answered by the last look");
        _clock.AdvanceBy(TimeSpan.FromSeconds(5));
        (await Eventually.CompletesAsync("it answers", answer.AsTask())).ShouldBeFalse();

        // Whoever writes to it at last is read, and what a file says afterwards counts.
        await File.WriteAllTextAsync(TokenPath, "of the pipe", TestContext.Current.CancellationToken);
        File.Delete(TokenPath);
        File.WriteAllText(TokenPath, "new");
        await Eventually.BecomesAsync(
            "the file counts again",
            async () =>
            {
                _clock.AdvanceBy(TimeSpan.FromSeconds(1));
                return await tokens.AcceptAsync("new");
            },
            accepted => accepted);
    }

    [Fact]
    public async Task Accept_FileWithoutAnEnd_IsReadNoFurtherThanItsBound()
    {
        if (!File.Exists("/dev/zero"))
        {
            Assert.Skip("This machine has no /dev/zero.");
        }

        var tokens = await OfAsync("token");
        File.Delete(TokenPath);
        File.CreateSymbolicLink(TokenPath, "/dev/zero");
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));

        (await tokens.AcceptAsync("token")).ShouldBeFalse();
        (await Should.ThrowAsync<AccessConfigurationException>(
            new BearerTokens(null, TokenPath, Setting, _clock.Time, NullLogger.Instance).LoadAsync()))
            .Message.ShouldEndWith("is not a file of at most 64 KiB");
    }

    [Fact]
    public async Task Accept_FileIsGone_IsOneSentenceAndItsCauseIsForDebugging()
    {
        File.WriteAllText(TokenPath, "token");
        using var log = new RecordingLoggers();
        var tokens = new BearerTokens(null, TokenPath, Setting, _clock.Time, log);
        await tokens.LoadAsync();
        File.Delete(TokenPath);
        for (var look = 0; look < 2; look++)
        {
            _clock.AdvanceBy(TimeSpan.FromSeconds(1));
            (await tokens.AcceptAsync("token")).ShouldBeFalse();
        }

        var line = log.Lines.Where(line => line.Level > LogLevel.Debug).ShouldHaveSingleItem();
        line.Text.ShouldBe($"{TokenPath}: no such file: none of its tokens is accepted");
        line.Exception.ShouldBeNull();
        log.Lines.Where(line => line.Level == LogLevel.Debug).ShouldHaveSingleItem().Exception.ShouldBeOfType<FileNotFoundException>();
    }

    [Fact]
    public async Task Load_FileIsMissing_KeepsTheCause() =>
        (await Should.ThrowAsync<AccessConfigurationException>(
            new BearerTokens(null, TokenPath, Setting, _clock.Time, NullLogger.Instance).LoadAsync()))
            .InnerException.ShouldBeOfType<FileNotFoundException>();

    [Fact]
    public async Task Load_Directory_IsOneClearError() =>
        (await Should.ThrowAsync<AccessConfigurationException>(
            new BearerTokens(null, _directory.Path, Setting, _clock.Time, NullLogger.Instance).LoadAsync()))
            .Message.ShouldBe($"{Setting}: {_directory.Path}: is a directory, not a file");

    [Theory]
    [InlineData(null, "no such file")]
    [InlineData("\n# nothing\n", "holds no token")]
    public async Task Load_FileOfNoUse_IsOneClearError(string? content, string problem)
    {
        if (content is not null)
        {
            File.WriteAllText(TokenPath, content);
        }

        (await Should.ThrowAsync<AccessConfigurationException>(
            new BearerTokens(null, TokenPath, Setting, _clock.Time, NullLogger.Instance).LoadAsync()))
            .Message.ShouldBe($"{Setting}: {TokenPath}: {problem}");
    }

    [Fact]
    public async Task Load_NothingGiven_AcceptsNothing()
    {
        var tokens = new BearerTokens(null, null, Setting, _clock.Time, NullLogger.Instance);
        await tokens.LoadAsync();

        tokens.AreConfigured.ShouldBeFalse();
        (await tokens.AcceptAsync("")).ShouldBeFalse();
    }

    [Fact]
    public async Task Accept_FixedAndFile_BothCount()
    {
        File.WriteAllText(TokenPath, "of the file");
        var tokens = await LoadedAsync("fixed");

        (await tokens.AcceptAsync("fixed")).ShouldBeTrue();
        (await tokens.AcceptAsync("of the file")).ShouldBeTrue();
    }

    private Task<BearerTokens> OfAsync(string content)
    {
        File.WriteAllText(TokenPath, content);
        return LoadedAsync(null);
    }

    private async Task<BearerTokens> LoadedAsync(string? token)
    {
        var tokens = new BearerTokens(token, TokenPath, Setting, _clock.Time, NullLogger.Instance);
        await tokens.LoadAsync();
        return tokens;
    }
}
