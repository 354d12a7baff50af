using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Architecture;

/// <summary>A log is searched by event id: each stands for one sentence.</summary>
public class LogIdTests
{
    [Fact]
    public void LogMessages_OfAllAssemblies_HaveIdsOfTheirOwn()
    {
        var messages = ProductAssemblies.All
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId, Name: $"{method.DeclaringType}.{method.Name}"))
            .Where(message => message.Id is not null)
            .ToList();

        messages.Count.ShouldBeGreaterThan(20);
        messages.GroupBy(message => message.Id, message => message.Name)
            .Where(shared => shared.Count() > 1)
            .Select(shared => $"{shared.Key}: {string.Join(", ", shared)}")
            .ShouldBeEmpty();
    }
}
