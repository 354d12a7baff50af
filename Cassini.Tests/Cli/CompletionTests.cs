using Cassini.Harness;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini completion</c>, in the shells themselves.</summary>
[StartsExecutable]
public sealed class CompletionTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("cassini ", "admin certs completion help man pub replay run serve store sub wait watch")]
    [InlineData("cassini wa", "wait watch")]
    [InlineData("cassini sub --no", "--no-retained")]
    [InlineData("cassini wait --for ", "live ok ready")]
    [InlineData("cassini wait --for r", "ready")]
    [InlineData("cassini serve --log-level ", "critical debug error info off trace warn")]
    [InlineData("cassini pub t --qos ", "0 1 2")]
    [InlineData("cassini completion ", "bash fish zsh")]
    [InlineData("cassini run --role ", "publisher subscriber")]
    [InlineData("cassini sub t --mqtt ", "3.1.1 5")]
    [InlineData("cassini store ", "backup check compact dump repair")]
    [InlineData("cassini store repair d --c", "--config --cut")]
    [InlineData("cassini help p", "pub")]
    [InlineData("cassini replay ", "")]
    [InlineData("cassini certs certs --c", "--client")]
    public async Task Bash_Words_AreThoseOfTheCommand(string line, string expected)
    {
        var bash = Programs.Require("bash");
        _directory.Write("cassini", $"#!/bin/sh\nexec {CassiniProcess.InShell} \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_directory.File("cassini"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        _directory.Write("complete.sh", """
            PATH=$PWD:$PATH
            eval "$(cassini completion bash)"
            COMP_LINE=$1 COMP_POINT=${#1}
            COMP_WORDS=($1)
            [[ $1 == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _cassini
            printf '%s\n' "${COMPREPLY[@]}"
            complete -p cassini
            """);

        await using var shell = ChildProcess.Start(bash, ["complete.sh", line], _directory.Path);

        (await shell.ExitCodeAsync("it completes")).ShouldBe(0, shell.Error.ToString());
        shell.Error.Lines.ShouldBeEmpty();
        shell.Out.Lines[^1].ShouldBe("complete -o default -F _cassini cassini");
        shell.Out.Lines.SkipLast(1).Where(word => word.Length > 0).Order(StringComparer.Ordinal).ShouldBe(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("zsh", "-n")]
    [InlineData("fish", "--no-execute")]
    public async Task Script_ForTheShell_IsUnderstoodByIt(string shell, string onlyRead)
    {
        var program = Programs.Require(shell);
        var (code, script, _) = await CassiniProcess.RunAsync(_directory.Path, ["completion", shell]);
        code.ShouldBe(ExitCode.Ok);
        _directory.Write("script", script + "\n");

        await using var child = ChildProcess.Start(program, [onlyRead, _directory.File("script")], _directory.Path);

        (await child.ExitCodeAsync("it reads the script")).ShouldBe(0, child.Error.ToString());
    }
}
