import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.SubmissionProfile;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.xform.util.XFormAnswerDataSerializer;

final class Report {
    final List<String> warnings = new ArrayList<>();
    final Map<String, Path> attachments = new LinkedHashMap<>();
    Entities.EntitiesInForm entitiesInForm;
    boolean auditWanted;
    private final ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private final ObjectNode numbers = mapper.createObjectNode();
    private final ArrayNode answered = mapper.createArrayNode();
    private final StringBuilder audit = new StringBuilder("event,node,start,end\n");
    private long clock = System.currentTimeMillis();

    Report() {
        audit("form start", "");
    }

    void warn(String text) {
        if (!warnings.contains(text)) {
            warnings.add(text);
        }
    }

    void put(String name, long value) {
        numbers.put(name, value);
    }

    void count(String name) {
        numbers.put(name, numbers.path(name).asLong() + 1);
    }

    void answer(String path, String value, String origin) {
        ObjectNode node = answered.addObject();
        node.put("path", path);
        node.put("value", value);
        node.put("origin", origin);
    }

    void audit(String event, String node) {
        boolean interval = event.equals("question") || event.equals("end screen") || event.equals("add repeat");
        audit.append(event).append(',').append(node).append(',').append(clock).append(',')
            .append(interval ? String.valueOf(clock + 900) : "").append('\n');
        clock += 1000;
    }

    String auditCsv() {
        return audit + "form save,," + clock + ",\nform exit,," + clock + ",\nform finalize,," + clock + ",\n";
    }

    /** The entities the finished form creates or updates. */
    ArrayNode entities(FormDef form) {
        ArrayNode entities = mapper.createArrayNode();
        if (entitiesInForm != null) {
            entitiesInForm.collect(form.getMainInstance().getRoot(), entities);
        }
        return entities;
    }

    /** What the submission holds, as the engine serialises it: irrelevant nodes are left out and do not count. */
    private void values(TreeElement node, String path, ArrayNode into) {
        if (node.getNumChildren() == 0 && node.getValue() != null) {
            Object text = new XFormAnswerDataSerializer().serializeAnswerData(node.getValue(), node.getDataType());
            into.addObject().put("path", path).put("value", String.valueOf(text));
        }
        Map<String, Integer> positions = new LinkedHashMap<>();
        for (int i = 0; i < node.getNumChildren(); i++) {
            TreeElement child = node.getChildAt(i);
            if (child.getMult() != TreeReference.INDEX_TEMPLATE && child.isRelevant()) {
                int position = positions.merge(child.getName(), 1, Integer::sum);
                values(child, path + "/" + child.getName() + (child.isRepeatable() ? "[" + position + "]" : ""), into);
            }
        }
    }

    String toJson(FormDef form, FormEntryModel model, SubmissionProfile profile) throws IOException {
        ObjectNode root = mapper.createObjectNode();
        TreeElement data = form.getMainInstance().getRoot();
        root.put("title", form.getTitle());
        root.put("form_id", data.getAttributeValue(null, "id"));
        root.put("version", data.getAttributeValue(null, "version"));
        ArrayNode languages = root.putArray("languages");
        if (model.getLanguages() != null) {
            Arrays.stream(model.getLanguages()).forEach(languages::add);
        }
        root.put("encrypted", profile != null && profile.getAttribute("base64RsaPublicKey") != null);
        root.put("submission_uri", profile == null ? null : profile.getAction());
        TreeElement meta = data.getFirstChild("meta");
        for (String name : Arrays.asList("instanceID", "deprecatedID", "instanceName")) {
            TreeElement node = meta == null ? null : meta.getFirstChild(name);
            root.put(name, node == null || node.getValue() == null ? null : node.getValue().uncast().getString());
        }
        root.setAll(numbers);
        root.put("entities_version", entitiesInForm == null ? null : entitiesInForm.version);
        root.set("entities", entities(form));
        ArrayNode files = root.putArray("attachments");
        Set<String> named = new HashSet<>();
        FillForm.collectValues(data, named, true);
        attachments.keySet().stream().filter(named::contains).forEach(files::add);
        if (auditWanted) {
            files.add("audit.csv");
        }
        root.set("answers", answered);
        values(data, "/" + data.getName(), root.putArray("values"));
        ArrayNode warned = root.putArray("warnings");
        warnings.forEach(warned::add);
        return mapper.writeValueAsString(root) + "\n";
    }
}
