using Cassini.Management.Access;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Access;

public sealed class BearerTokensTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly VirtualClock _clock = new();

    private string TokenPath => _directory.File("tokens");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Accept_SeveralLines_EachIsAToken()
    {
        var tokens = Of("# the old one, until Friday\r\nold\r\n\r\n  new  \n");

        tokens.Accept("old").ShouldBeTrue();
        tokens.Accept("new").ShouldBeTrue();
        tokens.Accept("# the old one, until Friday").ShouldBeFalse();
        tokens.Accept("").ShouldBeFalse();
        tokens.Accept("ol").ShouldBeFalse();
        tokens.Accept("OLD").ShouldBeFalse();
    }

    [Fact]
    public void Accept_FileChanges_CountsWithinASecond()
    {
        var tokens = Of("old");
        File.WriteAllText(TokenPath, "new");

        tokens.Accept("new").ShouldBeFalse();
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        tokens.Accept("new").ShouldBeTrue();
        tokens.Accept("old").ShouldBeFalse();
    }

    [Fact]
    public void Accept_FileGoesAway_NobodyGetsInUntilItIsBack()
    {
        var tokens = Of("token");
        File.Delete(TokenPath);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        tokens.Accept("token").ShouldBeFalse();

        File.WriteAllText(TokenPath, "token");
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        tokens.Accept("token").ShouldBeTrue();
    }

    [Fact]
    public void Accept_SymlinkSwapped_AsInAKubernetesMount_CountsTheNewTarget()
    {
        File.WriteAllText(_directory.File("one"), "one");
        File.WriteAllText(_directory.File("two"), "two");
        File.CreateSymbolicLink(TokenPath, _directory.File("one"));
        var tokens = new BearerTokens(null, TokenPath, _clock.Time, NullLogger.Instance);
        File.Delete(TokenPath);
        File.CreateSymbolicLink(TokenPath, _directory.File("two"));
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));

        tokens.Accept("two").ShouldBeTrue();
        tokens.Accept("one").ShouldBeFalse();
    }

    /// <summary>A pipe that nobody writes to answers never: who asks must not hang with it, and nobody gets in.</summary>
    [Fact]
    public async Task Accept_FileBecomesAPipe_NobodyGetsInAndNobodyHangs()
    {
        Programs.Require("mkfifo");
        var tokens = Of("token");
        File.Delete(TokenPath);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [TokenPath]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        (await Eventually.CompletesAsync("it answers", Task.Run(() => tokens.Accept("token")))).ShouldBeFalse();

        // Whoever writes to it at last is read, and what a file says afterwards counts.
        await File.WriteAllTextAsync(TokenPath, "of the pipe", TestContext.Current.CancellationToken);
        File.Delete(TokenPath);
        File.WriteAllText(TokenPath, "new");
        await Eventually.HoldsAsync("the file counts again", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromSeconds(1));
            return tokens.Accept("new");
        });
    }

    [Fact]
    public void Accept_FileWithoutAnEnd_IsReadNoFurtherThanItsBound()
    {
        if (!File.Exists("/dev/zero"))
        {
            Assert.Skip("This machine has no /dev/zero.");
        }

        var tokens = Of("token");
        File.Delete(TokenPath);
        File.CreateSymbolicLink(TokenPath, "/dev/zero");
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));

        tokens.Accept("token").ShouldBeFalse();
        Should.Throw<AccessConfigurationException>(() => new BearerTokens(null, TokenPath, _clock.Time, NullLogger.Instance))
            .Message.ShouldEndWith("is not a file of at most 64 KiB");
    }

    [Fact]
    public void New_Directory_IsOneClearError() =>
        Should.Throw<AccessConfigurationException>(() => new BearerTokens(null, _directory.Path, _clock.Time, NullLogger.Instance))
            .Message.ShouldBe($"{_directory.Path}: is a directory, not a file");

    [Theory]
    [InlineData(null, "no such file")]
    [InlineData("\n# nothing\n", "holds no token")]
    public void New_FileOfNoUse_IsOneClearError(string? content, string problem)
    {
        if (content is not null)
        {
            File.WriteAllText(TokenPath, content);
        }

        Should.Throw<AccessConfigurationException>(() => new BearerTokens(null, TokenPath, _clock.Time, NullLogger.Instance))
            .Message.ShouldBe($"{TokenPath}: {problem}");
    }

    [Fact]
    public void New_NothingGiven_AcceptsNothing()
    {
        var tokens = new BearerTokens(null, null, _clock.Time, NullLogger.Instance);

        tokens.AreConfigured.ShouldBeFalse();
        tokens.Accept("").ShouldBeFalse();
    }

    [Fact]
    public void Accept_FixedAndFile_BothCount()
    {
        File.WriteAllText(TokenPath, "of the file");
        var tokens = new BearerTokens("fixed", TokenPath, _clock.Time, NullLogger.Instance);

        tokens.Accept("fixed").ShouldBeTrue();
        tokens.Accept("of the file").ShouldBeTrue();
    }

    private BearerTokens Of(string content)
    {
        File.WriteAllText(TokenPath, content);
        return new BearerTokens(null, TokenPath, _clock.Time, NullLogger.Instance);
    }
}
