using Cassini.Streams.Events;

namespace Cassini.Streams.Store.History;

/// <summary>An event as the history has it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Type">The name of its type, such as <c>healthChanged</c>.</param>
/// <param name="Category">The name of its category, such as <c>health</c>.</param>
/// <param name="Json">The event with its envelope, as <see cref="EventJson.Serialize"/> wrote it.</param>
internal readonly record struct HistoryEvent(EventId Id, string Type, string Category, byte[] Json);
