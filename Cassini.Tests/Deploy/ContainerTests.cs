using System.Globalization;
using System.Xml.Linq;
using Cassini.Tests.Docs;

namespace Cassini.Tests.Deploy;

public class ContainerTests
{
    private const string Program = "/app/cassini";

    [Fact]
    public void Containerfile_WhatItCopies_IsThereAndNotIgnored()
    {
        var included = DeployFiles.Read("container", "Containerfile.dockerignore").Split('\n').Where(line => line.StartsWith('!'))
            .Select(line => line[1..]).ToList();

        foreach (var (source, _) in ContainerFiles.Copies)
        {
            var path = Path.Combine(Repository.Root, source);
            (File.Exists(path) || Directory.Exists(path)).ShouldBeTrue(source);
            included.ShouldContain(source.Split('/')[0]);
        }
    }

    [Fact]
    public void Containerfile_Projects_AreAllThatTheExecutableIsMadeOf()
    {
        var copied = ContainerFiles.Copies.Select(copy => copy.Source.TrimEnd('/')).ToList();

        foreach (var project in ProjectsOf("Cassini.Web"))
        {
            copied.ShouldContain(project);
            copied.ShouldContain($"{project}/{project}.csproj");
        }
    }

    [Fact]
    public void Containerfile_Sdk_IsTheOneOfTheRepository()
    {
        var sdk = System.Text.Json.JsonDocument.Parse(Repository.Read("global.json")).RootElement.GetProperty("sdk");
        var pinned = sdk.GetProperty("version").GetString()!;
        var version = string.Join('.', pinned.Split('.').Take(2));

        ContainerFiles.Instructions.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal))
            .ShouldAllBe(line => line.Split(':')[1].StartsWith(version, StringComparison.Ordinal));
    }

    [Fact]
    public void Images_OfDotNet_ComeFromWhereTheBuilderSays()
    {
        ContainerFiles.Instructions[0].ShouldBe("ARG DOTNET_IMAGES", "without a default");
        ContainerFiles.Instructions.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal))
            .ShouldAllBe(line => line.StartsWith("FROM ${DOTNET_IMAGES}/", StringComparison.Ordinal));
        DeployFiles.At<string>(ContainerFiles.Cassini, "build", "args", "DOTNET_IMAGES").ShouldStartWith("${DOTNET_IMAGES:?");
    }

    [Fact]
    public void Containerfile_Ports_AreTheDefaults() =>
        ContainerFiles.Argument("EXPOSE").ShouldBe($"{Defaults.MqttPort} {Defaults.ManagementPort}");

    [Fact]
    public void Containerfile_User_IsNotRoot() =>
        int.Parse(ContainerFiles.Argument("USER"), CultureInfo.InvariantCulture).ShouldBeGreaterThan(0);

    [Fact]
    public void Containerfile_Program_IsTheOneThatIsPublished()
    {
        ContainerFiles.Words(ContainerFiles.Argument("ENTRYPOINT")).ShouldBe([Program]);
        ContainerFiles.HealthCheck[0].ShouldBe(Program);
        ContainerFiles.ComposeHealthCheck[0].ShouldBe(Program);
        typeof(Cassini.Web.Cli.Context.CliContext).Assembly.GetName().Name.ShouldBe(Path.GetFileName(Program));
    }

    [Fact]
    public void Variables_OfBothFiles_AreKnown()
    {
        var compose = DeployFiles.At<Dictionary<object, object>>(ContainerFiles.Cassini, "environment").Keys.Cast<string>();

        EnvironmentNames.Unknown(ContainerFiles.Variables.Keys.Concat(compose)).ShouldBeEmpty();
    }

    [Fact]
    public void Compose_Container_MayDoLittle()
    {
        ContainerFiles.Cassini["read_only"].ShouldBe("true");
        DeployFiles.At<List<object>>(ContainerFiles.Cassini, "cap_drop").ShouldBe(["ALL"]);
        DeployFiles.At<List<object>>(ContainerFiles.Cassini, "security_opt").ShouldBe(["no-new-privileges:true"]);
        DeployFiles.At<List<object>>(ContainerFiles.Cassini, "ports")
            .ShouldBe([$"{Defaults.MqttPort}:{Defaults.MqttPort}", $"127.0.0.1:{Defaults.ManagementPort}:{Defaults.ManagementPort}"]);
    }

    /// <summary>The root is read-only, and a fresh volume takes over the owner and the mode of the image's directory.</summary>
    [Fact]
    public void Data_OfBothFiles_IsOnAVolumeThatTheUserCanWriteAndNobodyElseRead()
    {
        var directory = ContainerFiles.Variables["CASSINI_DATA_DIR"];
        DeployFiles.At<string>(ContainerFiles.Cassini, "environment", "CASSINI_DATA_DIR").ShouldBe(directory);
        DeployFiles.At<List<object>>(ContainerFiles.Cassini, "volumes").ShouldContain($"data:{directory}");
        DeployFiles.At<Dictionary<object, object>>(ContainerFiles.Compose, "volumes").ShouldContainKey("data");

        var user = ContainerFiles.Argument("USER");
        var (parent, name) = (Path.GetDirectoryName(directory), Path.GetFileName(directory));
        ContainerFiles.Instructions.ShouldContain($"RUN install -d -m 0700 /data/{name}");
        ContainerFiles.Instructions.ShouldContain($"COPY --from=build --chown={user}:{user} /data/ {parent}/");
    }

    [Fact]
    public void Compose_Values_FollowFromTheDefaults()
    {
        Duration((string)ContainerFiles.Cassini["stop_grace_period"]).ShouldFitAStop(before: TimeSpan.Zero);
        long.Parse(DeployFiles.At<string>(ContainerFiles.Cassini, "ulimits", "nofile"), CultureInfo.InvariantCulture)
            .ShouldBeEnoughDescriptors();
    }

    [Fact]
    public void Compose_Files_AreThere()
    {
        var volumes = DeployFiles.At<List<object>>(ContainerFiles.Compose, "services", "prometheus", "volumes").Cast<string>();
        var mounted = volumes.Where(volume => volume.StartsWith("./", StringComparison.Ordinal))
            .Select(volume => volume.Split(':')[0]).ToList();

        mounted.Count.ShouldBe(2);
        mounted.ShouldAllBe(path => File.Exists(DeployFiles.Path(path)));
        File.Exists(Path.Combine(Repository.Root, DeployFiles.At<string>(ContainerFiles.Cassini, "build", "dockerfile"))).ShouldBeTrue();
        Path.GetFullPath(DeployFiles.Path(DeployFiles.At<string>(ContainerFiles.Cassini, "build", "context"))).TrimEnd('/')
            .ShouldBe(Repository.Root.TrimEnd('/'));

        // The container of Prometheus calls the broker by this name.
        DeployFiles.At<List<object>>(ContainerFiles.Cassini, "networks", "default", "aliases").ShouldContain("cassini-management");
        DeployFiles.At<string>(
            DeployFiles.Yaml("prometheus", "prometheus.yaml"), "scrape_configs", "0", "static_configs", "0", "targets", "0")
            .ShouldBe($"cassini-management:{Defaults.ManagementPort}");
    }

    [Fact]
    public void Compose_HealthCheck_ReadsTheTokenOfManagement()
    {
        var token = DeployFiles.At<string>(ContainerFiles.Cassini, "environment", "CASSINI_MANAGEMENT_TOKEN_FILE");

        ContainerFiles.ComposeHealthCheck.ShouldBe([.. ContainerFiles.HealthCheck, "--token-file", token]);
        token.ShouldBe("/run/secrets/" + DeployFiles.At<string>(ContainerFiles.Cassini, "secrets", "0"));
    }

    private static IEnumerable<string> ProjectsOf(string project) =>
        XDocument.Load(Path.Combine(Repository.Root, project, $"{project}.csproj")).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))
            .SelectMany(ProjectsOf)
            .Append(project)
            .Distinct();

    private static TimeSpan Duration(string text)
    {
        Cassini.Streams.Primitives.DurationText.TryParse(text, out var duration).ShouldBeTrue(text);
        return duration;
    }
}
