namespace Cassini.Management.Logging;

/// <summary>Events of one kind that were not logged.</summary>
/// <typeparam name="TEvent">The events.</typeparam>
/// <param name="Last">The last of them.</param>
/// <param name="Count">How many they were.</param>
/// <param name="Time">The time after the last line about them.</param>
internal readonly record struct Repeats<TEvent>(TEvent Last, long Count, TimeSpan Time);
